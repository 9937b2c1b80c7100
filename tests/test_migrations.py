"""Migrations run while the shop is open: none rewrites a big table, or locks one for as long as it
is long."""

import re
import threading
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

OURS = ("orders", "notifications", "backorders_site")
# The last migration of each app in the first release: until that is out, every table is empty when
# they run. From then on this says which ran on empty tables, and the rules below hold for all that
# follow.
FIRST_RELEASE: dict[str, str] = {}
# Tables that stay small, whatever the shop sells.
SMALL = {
    "notifications_pause",
    "notifications_pace",
    "notifications_heartbeat",
    "orders_run",
    "orders_release",
}

RULES = {
    "an index that is not built CONCURRENTLY": r"CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY)[^;]*? "
    r"ON \"?(\w+)",
    "a column of another type": r"ALTER TABLE \"?(\w+)\"?[^;]* ALTER COLUMN \S+ TYPE ",
    "a column that is filled at once": r"ALTER TABLE \"?(\w+)\"? ADD COLUMN [^;]*DEFAULT "
    r"(?:\w+\.)?\w*\(",
    "a check that reads the whole table": r"ALTER TABLE \"?(\w+)\"? ADD CONSTRAINT [^;]*CHECK "
    r"(?![^;]*NOT VALID)",
    "a unique constraint without an index that is there": r"ALTER TABLE \"?(\w+)\"? ADD "
    r"CONSTRAINT \S+ UNIQUE \(",
    "a reference that reads the whole table": r"ALTER TABLE \"?(\w+)\"? ADD CONSTRAINT "
    r"[^;]*FOREIGN KEY (?![^;]*NOT VALID)",
    "NOT NULL that reads the whole table": r"ALTER TABLE \"?(\w+)\"?[^;]* SET NOT NULL",
    "a generated column": r"ALTER TABLE \"?(\w+)\"? ADD COLUMN [^;]*GENERATED ALWAYS",
    "rows changed in the migration itself": r"^\s*(?:WITH\b[^;]*)?UPDATE \"?(\w+)",
}


def problems(sql: str) -> list[str]:
    """What would lock or rewrite a table that may be big, unless the migration makes it itself."""
    sql = re.sub(r"^\s*--.*$", "", sql, flags=re.MULTILINE)
    made = set(re.findall(r'CREATE TABLE "?(\w+)', sql)) | SMALL
    return [
        f"{what}: {table}"
        for what, pattern in RULES.items()
        for table in re.findall(pattern, sql, re.IGNORECASE | re.MULTILINE)
        if table not in made
    ]


def sql_of(migration: migrations.Migration, state: ProjectState) -> str:
    with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
        migration.apply(state, editor, collect_sql=True)
    return "\n".join(editor.collected_sql)


def ours() -> Iterator[tuple[migrations.Migration, ProjectState]]:
    """Every migration of ours in its order, with the state before it."""
    executor = MigrationExecutor(connection)
    state = ProjectState(real_apps=executor.loader.unmigrated_apps)
    for migration, _ in executor.migration_plan(
        executor.loader.graph.leaf_nodes(), clean_start=True
    ):
        if migration.app_label in OURS:
            yield migration, state.clone()
        state = migration.mutate_state(state, preserve=False)


@pytest.mark.django_db
def test_no_migration_since_the_first_release_locks_or_rewrites_a_big_table() -> None:
    found = {}
    for migration, state in ours():
        if migration.name > FIRST_RELEASE.get(migration.app_label, "~"):
            found |= {f"{migration}": wrong for wrong in problems(sql_of(migration, state))}
    assert found == {}


class Wide(migrations.Migration):
    """What a hurried person writes."""

    operations = [
        migrations.AddIndex("message", models.Index(fields=["subject"], name="hurried")),
        migrations.AlterField("message", "attempts", models.BigIntegerField(default=0)),
        migrations.AddConstraint(
            "message", models.CheckConstraint(condition=models.Q(attempts__gte=0), name="positive")
        ),
        migrations.RunSQL("UPDATE notifications_message SET last_error = ''"),
        migrations.AddField("message", "copies", models.IntegerField(default=0)),
    ]


@pytest.mark.django_db
def test_the_rules_see_what_a_hurried_person_writes() -> None:
    *_, (last, state) = (pair for pair in ours() if pair[0].app_label == "notifications")
    state = last.mutate_state(state)
    assert problems(sql_of(Wide("wide", "notifications"), state)) == [
        "an index that is not built CONCURRENTLY: notifications_message",
        "a column of another type: notifications_message",
        "a check that reads the whole table: notifications_message",
        "rows changed in the migration itself: notifications_message",
    ]


@pytest.mark.django_db
def test_the_rules_leave_alone_what_is_harmless() -> None:
    assert (
        problems(
            'CREATE INDEX CONCURRENTLY "x" ON "orders_event" ("at");'
            'ALTER TABLE "orders_event" ADD CONSTRAINT "c" CHECK (at IS NOT NULL) NOT VALID;'
            'ALTER TABLE "orders_event" ADD COLUMN "n" integer DEFAULT 0 NOT NULL;'
            'CREATE TABLE "orders_new" ("id" bigint); CREATE INDEX "y" ON "orders_new" ("id");'
        )
        == []
    )


# PostgreSQL gives a table another file when it rewrites it.
FILES = (
    "SELECT relname, relfilenode FROM pg_class "
    "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)


def files() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(FILES)
        return dict(cursor.fetchall())


@pytest.mark.django_db
def test_no_migration_so_far_rewrites_a_table_that_was_there_before() -> None:
    """All of them, from an empty database on; in a schema of its own, which is rolled back."""
    rewritten = {}
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    executor = MigrationExecutor(connection)
    executor.recorder.ensure_schema()
    state = executor._create_project_state(with_applied_migrations=True)
    for migration, _ in executor.migration_plan(
        executor.loader.graph.leaf_nodes(), clean_start=True
    ):
        before = files()
        with _in_our_transaction() as editor:
            state = migration.apply(state, editor)
        if migration.app_label in OURS:
            rewritten |= {
                f"{migration}: {table}": node
                for table, node in before.items()
                if files().get(table, node) != node
            }
    assert rewritten == {}


def _in_our_transaction() -> BaseDatabaseSchemaEditor:
    return connection.schema_editor(atomic=False)


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_would_have_to_wait_gives_up_and_says_so() -> None:
    held, done = threading.Event(), threading.Event()

    def hold_the_table() -> None:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN; LOCK TABLE django_migrations IN ACCESS EXCLUSIVE MODE")
            held.set()
            done.wait(30)
            cursor.execute("ROLLBACK")
        connection.close()

    thread = threading.Thread(target=hold_the_table)
    thread.start()
    held.wait(10)
    try:
        with pytest.raises(CommandError, match="A table was in use for too long"):
            call_command("migrate", lock_seconds=1, verbosity=0)
    finally:
        done.set()
        thread.join()
