
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0007_a_link_is_written_anew'),
    ]

    operations = [
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('task', models.CharField(max_length=100, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('held_at', models.DateTimeField()),
                ('held_by', models.CharField(max_length=150)),
                ('reason', models.CharField(max_length=200)),
                ('released_at', models.DateTimeField(null=True)),
                ('released_by', models.CharField(blank=True, max_length=150)),
            ],
            options={
                'ordering': ['-id'],
                'permissions': [('hold_mail', 'Can hold all mail and release it')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Pace',
            fields=[
                ('name', models.CharField(max_length=254, primary_key=True, serialize=False)),
                ('free_at', models.DateTimeField()),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(fields=['at'], name='attempts_by_time'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.UniqueConstraint(models.ExpressionWrapper(models.Q(('released_at__isnull', True)), models.BooleanField()), condition=models.Q(('released_at__isnull', True)), name='mail_is_held_once'),
        ),
    ]
