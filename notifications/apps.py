from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = "Emails"

    def ready(self) -> None:
        from notifications import reach  # noqa: PLC0415 - models are loaded by now
        from orders import mail_port  # noqa: PLC0415

        mail_port.fill(reach)
