"""All settings, from the environment. README.md says what each variable means; config/checks.py
explains bad values."""

from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path

from celery.schedules import crontab
from csp.constants import NONE, SELF

from backorders_site.config.environment import Environment, mail_server, postgresql, valkey

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()


DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)
SECRET_KEY = env.required(
    "SECRET_KEY", "$(python -c 'import secrets; print(secrets.token_urlsafe(50))')"
)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
_site = env.address("SITE_URL", "https://orders.example.com")
SITE_URL: str = _site.geturl().rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_site.hostname or ""])

SHOP_NAME = env.str("SHOP_NAME", default="Our shop")
SHOP_COLOUR = env.str("SHOP_COLOUR", default="")  # #rrggbb; empty: the green of site.css
SHOP_FONT = env.str("SHOP_FONT", default="")
SHOP_LOGO = env.str("SHOP_LOGO", default="")  # the path of a file
DELAY_RULES = env.str("DELAY_RULES", default="")  # stricter than the shipping country's law asks
# its working days decide when goods can be handled
SHOP_COUNTRY = env.str("SHOP_COUNTRY", default="US").upper()
SUPPORT_EMAIL = env.required("SUPPORT_EMAIL", "help@example.com")
# when somebody answers, in the shop's own words, for example: Monday to Friday, 9 to 5
SUPPORT_HOURS = env.str("SUPPORT_HOURS", default="")
# within how many hours it answers; 0: nothing is said of it
SUPPORT_REPLY_HOURS = env.int("SUPPORT_REPLY_HOURS", default=0)
SHOP_ADDRESS = env.str("SHOP_ADDRESS", default="")  # the postal one, on one line
IMPRINT_URL = env.str("IMPRINT_URL", default="")
PRIVACY_URL = env.str("PRIVACY_URL", default="")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=SUPPORT_EMAIL)
# show strangers the exact number of units spoken for
EXACT_LINE = env.bool("EXACT_LINE", default=False)
# days on the way, by country: US=5,DE=7,*=14 (orders.domain.transit)
TRANSIT_DAYS = env.str("TRANSIT_DAYS", default="")
HANDLING_DAYS = env.int(
    "HANDLING_DAYS", default=1
)  # working days from arrival to the carrier; a product may set its own
SETTLE_SECONDS = env.int("SETTLE_SECONDS", default=600)
# how long customers can undo a cancellation of theirs; the shop is told of it after that
CANCEL_UNDO_SECONDS = env.int("CANCEL_UNDO_SECONDS", default=600)
# How many customers an import may tell worse news (a later date, no date, or a question that the
# law asks) before a person has confirmed it.
IMPORT_TELLS_AT_MOST = env.int("IMPORT_TELLS_AT_MOST", default=100)
# "no change, still on track" after so many days without news
QUIET_DAYS = env.int("QUIET_DAYS", default=14)
LONG_QUIET_DAYS = env.int("LONG_QUIET_DAYS", default=30)  # and every so many after two of them
# Carriers' tracking pages by name, beside those of orders.words.tracking: {"Acme":
# "https://acme.example/{number}"}
TRACKING_LINKS = env.json("TRACKING_LINKS", default={})
SHIP_CUTOFF = env.str("SHIP_CUTOFF", default="15:00")
# live, overnight (orders.services.recorded_days)
SHIPMENTS_RECORDED = env.str("SHIPMENTS_RECORDED", default="learned")
MAIL_MODE = env.str("MAIL_MODE", default="hold")  # hold | only:a@example.com,b@example.com | send
# all=50/s,gmail.com=20/s,*=300/min (notifications.transport.rates)
MAIL_RATES = env.str("MAIL_RATES", default="")
# requests with it read /metrics; without one there are none
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
HEARTBEAT_URL = env.str(
    "HEARTBEAT_URL", default=""
)  # requested every minute while all goes well; the service that misses it calls somebody
SENTRY_DSN = env.str("SENTRY_DSN", default="")
BUILD = env.str("BUILD", default="")  # the commit or the image that runs
# proxies in front that append to X-Forwarded-For
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)

# after so many hours without work staff log in again (middleware.staff_sessions)
STAFF_IDLE_HOURS = env.int("STAFF_IDLE_HOURS", default=8)
SECOND_FACTOR = not (DEBUG or DEMO)  # staff need a code from their phone besides their password

INSTALLED_APPS = [
    "backorders_site.staff.app.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "template_partials",
    "csp",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "django_otp_webauthn",
    "axes",
    "orders",
    "notifications",
    "backorders_site",
]

MIDDLEWARE = [
    "backorders_site.ops.logs.requests",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "backorders_site.middleware.private_pages",
    "backorders_site.middleware.watchers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "backorders_site.middleware.languages",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "backorders_site.middleware.staff_sessions",
    "backorders_site.middleware.bodies",
    "backorders_site.middleware.in_time",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "backorders_site.urls"
WSGI_APPLICATION = "backorders_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "backorders_site.look.context.shop",
            ],
        },
    },
]

DATABASES = {
    "default": env.address("DATABASE_URL", "postgresql://user@localhost/backorders", postgresql),
}
CONN_MAX_AGE = env.int("CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_MAX_AGE"] = CONN_MAX_AGE
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# A machine that is gone says nothing, not even no. We stop waiting for the database after half a
# minute. The database in turn lets go, after as long, of what a machine held that is gone: its
# locks, and the one that made it the only sender.
_patience = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
_lets_go = {
    "tcp_keepalives_idle": 10,
    "tcp_keepalives_interval": 5,
    "tcp_keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    # no statement continues to wait for a process that ended or gave up
    "client_connection_check_interval": 2_000,
}
DATABASES["default"]["OPTIONS"] = {
    **_patience,
    "tcp_user_timeout": 30_000,
    "options": " ".join(f"-c {name}={value}" for name, value in _lets_go.items()),
    **DATABASES["default"].get("OPTIONS", {}),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.address("REDIS_URL", "redis://localhost:6379/0", valkey)
CACHES = {
    "default": {
        "BACKEND": "backorders_site.ops.caching.Cache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "backorders",
        "VERSION": 2,  # of what stands there: JSON, and pickles before
        "OPTIONS": {
            "serializer": "backorders_site.ops.caching.Json",
            "socket_timeout": 1,
            "socket_connect_timeout": 1,
        },
    }
}

_email = env.address("EMAIL_URL", "smtp+tls://user:password@mail.example.com:587", mail_server)
EMAIL_BACKEND = _email["EMAIL_BACKEND"]
EMAIL_HOST = _email.get("EMAIL_HOST", "")
EMAIL_PORT = _email.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _email.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _email.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = _email.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _email.get("EMAIL_USE_SSL", False)
# Beside SMTP, a provider of django-anymail: postmark, sendgrid, mailgun, ... with its own settings,
# as NAME=value,NAME=value.
MAIL_PROVIDER = env.str("MAIL_PROVIDER", default="")
if MAIL_PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{MAIL_PROVIDER}.EmailBackend"
# 60 s < task soft limit 120 < hard limit 150 < lease 300: a send that hangs ends before its claim
# does (checks.py).
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=60)
# user:password, in the address given to the provider
MAIL_WEBHOOK_SECRET = env.str("MAIL_WEBHOOK_SECRET", default="")
ANYMAIL = env.dict("MAIL_PROVIDER_SETTINGS", default={}) | {
    "WEBHOOK_SECRET": MAIL_WEBHOOK_SECRET,
    "REQUESTS_TIMEOUT": EMAIL_TIMEOUT,
}
# how long the words of emails are kept,
MESSAGE_RETENTION_DAYS = env.int("MESSAGE_RETENTION_DAYS", default=90)
# and of those that told a legal notice
NOTICE_RETENTION_DAYS = env.int("NOTICE_RETENTION_DAYS", default=1461)
MAIL_LEASE_SECONDS = env.int("MAIL_LEASE_SECONDS", default=300)
MAIL_MESSAGE_ID_DOMAIN = parseaddr(DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]

LANGUAGES = [  # each in its own words
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
    ("ar", "العربية"),
]
LANGUAGE_CODE = env.one_of("SHOP_LANGUAGE", tuple(code for code, _ in LANGUAGES), default="en")
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 31_536_000
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
CLOCK_MAY_DIFFER = timedelta(
    minutes=1
)  # from the database's; beyond it nothing is decided by this machine's (orders.clock)
TIME_ZONE = env.zone("TIME_ZONE", default="UTC")
USE_TZ = True

# static files as they are in the checkout: nothing has to be collected first
SERVES_SOURCES = DEBUG or DEMO
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if SERVES_SOURCES
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = SERVES_SOURCES

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]

LOGIN_REDIRECT_URL = "admin:index"  # redirects to anything but a page of ours
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
OTP_TOTP_ISSUER = OTP_WEBAUTHN_RP_NAME = SHOP_NAME
OTP_WEBAUTHN_RP_ID = _site.hostname or ""  # passkeys are lost where another host takes its place
OTP_WEBAUTHN_ALLOWED_ORIGINS = [SITE_URL]
OTP_WEBAUTHN_ALLOW_PASSWORDLESS_LOGIN = False
SILENCED_SYSTEM_CHECKS = ["otp_webauthn.E010", "otp_webauthn.E031"]  # checks.py looks at SITE_URL
# Anyone who guesses a person's password from one network is kept out for a while. Nobody can lock
# that person out from elsewhere.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "backorders_site.staff.site.address_of_network"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_HTTP_RESPONSE_CODE = 429
AXES_LOCKOUT_TEMPLATE = "staff/login/locked_out.html"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

_https = SITE_URL.startswith("https://")
SECURE_SSL_REDIRECT = _https
SECURE_REDIRECT_EXEMPT = [r"^(livez|readyz|metrics)$"]  # asked of each host by itself, inside
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https
SECURE_HSTS_PRELOAD = _https
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = _https
SESSION_COOKIE_AGE = 3600 * STAFF_IDLE_HOURS  # only staff have sessions
CSRF_COOKIE_SECURE = _https
LANGUAGE_COOKIE_SECURE = _https
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "SAMEORIGIN" if DEMO else "DENY"  # the demo shows a customer's page in its own
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "img-src": [SELF, "data:"],
        "frame-ancestors": [SELF if DEMO else NONE],
        "base-uri": [NONE],
    }
}

# Celery 5.7 on Redis: late acknowledgement exits the worker when Redis drops; with these settings
# it survived kills.
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_DISABLE_PREFETCH = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SOFT_TIME_LIMIT = env.int("TASK_SOFT_SECONDS", default=120)
CELERY_TASK_TIME_LIMIT = env.int("TASK_HARD_SECONDS", default=150)
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
}
# of Redis also: it takes no writes, as its disk is full; a worker would end
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1}
# a file may take an hour
CELERY_TASK_ROUTES = {"backorders_site.tasks.work_off_uploads": {"queue": "uploads"}}
CELERY_BEAT_SCHEDULER = "backorders_site.celery:Scheduler"
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
# A tick expires by the clock of the worker, which may be ahead of beat's. Then the worker would
# take no tick, and nobody would know why.
_soon = {"expires": 10 + CLOCK_MAY_DIFFER.seconds}
_each_minute = {"expires": 50 + CLOCK_MAY_DIFFER.seconds}
CELERY_BEAT_SCHEDULE = {
    "review": {"task": "orders.tasks.review_settled", "schedule": 2.0, "options": _soon},
    "dispatch": {"task": "notifications.tasks.dispatch", "schedule": 2.0, "options": _soon},
    "deliver": {"task": "notifications.tasks.deliver", "schedule": 2.0, "options": _soon},
    "reports": {"task": "notifications.tasks.handle", "schedule": 10.0, "options": _soon},
    "forget": {"task": "notifications.tasks.forget", "schedule": crontab(hour="3", minute="0")},
    "uploads": {"task": "backorders_site.tasks.hand_on_uploads", "schedule": 2.0, "options": _soon},
    "discontinue": {"task": "orders.tasks.discontinue_parts", "schedule": 2.0, "options": _soon},
    "release": {
        "task": "orders.tasks.release_orders",
        "schedule": 60.0,
        "options": _each_minute,
    },
    "deadlines": {"task": "orders.tasks.keep_deadlines", "schedule": 60.0, "options": _each_minute},
    "daily review": {"task": "orders.tasks.review_all", "schedule": 60.0, "options": _each_minute},
    "heartbeat": {
        "task": "backorders_site.tasks.give_sign_of_life",
        "schedule": 60.0,
        "options": _each_minute,
    },
}

LOG_FORMAT = env.one_of(
    "LOG_FORMAT", ("json", "line"), default="line" if SERVES_SOURCES else "json"
)
LOG_LEVEL = env.one_of(
    "LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), default="INFO"
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"ids": {"()": "backorders_site.ops.logs.Ids"}},
    "formatters": {
        "json": {"()": "backorders_site.ops.logs.JsonLine"},
        "line": {
            "()": "backorders_site.ops.logs.TerminalFormatter",
            "format": "{asctime} {levelname} {name}: {message} {ids}",
            "style": "{",
        },
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["ids"]}
    },
    "loggers": {
        "django": {"handlers": []},  # Django's own handler would say everything a second time
        "axes": {"level": "WARNING"},  # people who are kept out, not those who log in
        "celery": {"level": "WARNING"},  # not every tick
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
