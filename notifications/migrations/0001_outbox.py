import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


# What went out stays as it went out; erasing a person sets backorders.erase for its own transaction.
KEEP = """
CREATE TRIGGER keep_history BEFORE UPDATE OR DELETE ON notifications_attempt
    FOR EACH ROW EXECUTE FUNCTION orders_keep_history('');

CREATE FUNCTION notifications_keep_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('backorders.erase', true), '') <> 'on' THEN
        RAISE EXCEPTION 'this mail was handed to a mail server: its content cannot change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_frozen BEFORE UPDATE ON notifications_message FOR EACH ROW
    WHEN (OLD.message_id <> NEW.message_id OR OLD.frozen_at IS NOT NULL
          AND (OLD.frozen_at, OLD.subject, OLD.text, OLD.html, OLD.headers)
              IS DISTINCT FROM (NEW.frozen_at, NEW.subject, NEW.text, NEW.html, NEW.headers))
    EXECUTE FUNCTION notifications_keep_frozen();
"""
DROP_KEEP = """
DROP TRIGGER keep_history ON notifications_attempt;
DROP TRIGGER keep_frozen ON notifications_message;
DROP FUNCTION notifications_keep_frozen;
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('orders', '0002_queue_counts_and_history'),
    ]

    operations = [
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='The order and the newest event it covers.', max_length=60)),
                ('kind', models.CharField(choices=[('joined', 'Joined the line'), ('later', 'Later than told'), ('earlier', 'Earlier than told'), ('no_date', 'No date any more'), ('on_track', 'Still on track'), ('reserved', 'Arrived and set aside'), ('shipped', 'Shipped'), ('cancelled', 'Cancelled'), ('answered', 'Answered'), ('corrected', 'Corrected'), ('note', 'Note'), ('moved_up', 'Moved up'), ('passed_by', 'Passed by')], help_text='Its chief news.', max_length=10)),
                ('recipient', models.EmailField(blank=True, max_length=254)),
                ('locale', models.CharField(blank=True, max_length=20)),
                ('subject', models.TextField(blank=True)),
                ('text', models.TextField(blank=True)),
                ('html', models.TextField(blank=True)),
                ('headers', models.JSONField(blank=True, default=dict)),
                ('composed_at', models.DateTimeField(blank=True, null=True)),
                ('message_id', models.CharField(max_length=320)),
                ('thread_root', models.CharField(blank=True, help_text="Message-ID of the order's first mail.", max_length=320)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('sending', 'Sending'), ('sent', 'Sent'), ('failed', 'Failed'), ('needs_review', 'Sent twice without an answer'), ('superseded', 'A newer mail says more'), ('expired', 'Expired'), ('suppressed', "Can't be reached"), ('cancelled', 'Withdrawn by staff')], default='queued', max_length=12)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('ambiguous_count', models.PositiveSmallIntegerField(default=0, help_text='How often the mail server may have taken it without our hearing so.')),
                ('created_at', models.DateTimeField()),
                ('next_attempt_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('claim_token', models.UUIDField(blank=True, editable=False, null=True)),
                ('lease_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('in_flight', models.BooleanField(default=False, editable=False, help_text='Handed over under the present claim: without an answer it may be sent.')),
                ('frozen_at', models.DateTimeField(blank=True, help_text='First handed to a mail server.', null=True)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('provider_id', models.CharField(blank=True, help_text='What the mail server answered.', max_length=200)),
                ('last_error', models.CharField(blank=True, max_length=300)),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='orders.order')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('outcome', models.CharField(choices=[('sent', 'Accepted'), ('deferred', 'Surely not sent; tried again later'), ('failed', 'Refused for good'), ('unknown', 'No answer: may have been sent'), ('late', 'Ended after its lease; another took over')], max_length=10)),
                ('phase', models.CharField(help_text='How far it got: connect, envelope, content, answered.', max_length=10)),
                ('detail', models.CharField(blank=True, help_text="The server's answer, without addresses.", max_length=300)),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='log', to='notifications.message')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='MessageEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('said', models.BooleanField(default=False, help_text='The mail says it; an event that newer ones have overtaken is covered in silence.')),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='covered_by', to='orders.event')),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='covered', to='notifications.message')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AddField(
            model_name='message',
            name='events',
            field=models.ManyToManyField(related_name='messages', through='notifications.MessageEvent', to='orders.event'),
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(max_length=254)),
                ('reason', models.CharField(max_length=200)),
                ('at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Upper('address'), name='an_address_is_suppressed_once')],
            },
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(fields=('key',), name='events_have_one_message'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(fields=('message_id',), name='message_ids_are_unique'),
        ),
        migrations.AddConstraint(
            model_name='messageevent',
            constraint=models.UniqueConstraint(fields=('message', 'event'), name='a_message_covers_an_event_once'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state', 'queued')), fields=['next_attempt_at', 'id'], name='messages_to_send'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('composed_at__isnull', True), ('state', 'queued')), fields=['id'], name='to_compose'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state', 'sending')), fields=['lease_until'], name='messages_sending'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state__in', ['failed', 'needs_review', 'suppressed'])), fields=['state', '-id'], name='messages_for_staff'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['order', 'id'], name='messages_of_order'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['queued', 'sending'])), fields=('order',), name='one_open_message_per_order'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('claim_token__isnull', False), ('lease_until__isnull', False), ('state', 'sending')), models.Q(models.Q(('state', 'sending'), _negated=True), ('claim_token__isnull', True), ('lease_until__isnull', True)), _connector='OR'), name='sending_is_claimed'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', False), ('state', 'sent')), models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at__isnull', True)), _connector='OR'), name='sent_has_a_time'),
        ),
        migrations.RunSQL(KEEP, DROP_KEEP),
    ]
