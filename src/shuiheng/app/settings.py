"""Django's settings. What an installation may change comes from the environment, nothing else.

DATABASE_URL (app role) and DATABASE_OWNER_URL (migrations) name a PostgreSQL; unset, `app.postgres`
runs one of our own under `var/`.
"""

from __future__ import annotations

import os
from pathlib import Path

from shuiheng.app import database

PACKAGE = Path(__file__).resolve().parent.parent
ROOT = Path(os.environ.get("SHUIHENG_ROOT", PACKAGE.parent.parent))
VAR = Path(os.environ.get("SHUIHENG_VAR", ROOT / "var"))

DEBUG = False
SECRET_KEY = database.secret(VAR, "django")
ALLOWED_HOSTS = os.environ.get("SHUIHENG_HOSTS", "127.0.0.1,localhost,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("SHUIHENG_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "procrastinate.contrib.django",
    "shuiheng.ui",
    "shuiheng.office",
    "shuiheng.papers",
    "shuiheng.registry",
    "shuiheng.ledger",
    "shuiheng.inflow",
    "shuiheng.quota",
    "shuiheng.metering",
    "shuiheng.budget",
    "shuiheng.planning",
    "shuiheng.desk",
    "shuiheng.rehearsal",
    "shuiheng.app",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "shuiheng.app.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "shuiheng.app.middleware.Now",
    "shuiheng.app.middleware.WhoActs",
    "shuiheng.app.middleware.Refusals",
]

ROOT_URLCONF = "shuiheng.app.urls"
WSGI_APPLICATION = "shuiheng.app.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "shuiheng.app.context.frame",
            ],
            "builtins": ["shuiheng.ui.templatetags.ui"],
        },
    }
]

DATABASES = {"default": database.django_settings(VAR)}
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"  # each capability's jobs.py, if it has one
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "office.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "office:sign_in"
LOGIN_REDIRECT_URL = "desk:home"
PERSON_URL = "registry:me"
UNIT_PAGES = [  # where a unit's page in the registry leads on to, and who may follow
    ("ledger:account", "水账", "ledger.view"),
    ("quota:demand", "需水测算", "budget.view"),
]
SIGN_IN_LINKS = [  # other ways in, beside the password: their pages stand above the office
    ("registry:sign_in_code", "用手机验证码登录"),
    ("registry:claim", "第一次用：凭领取码开账号"),
]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("SHUIHENG_HTTPS") == "1"
CSRF_FAILURE_VIEW = "shuiheng.app.middleware.form_expired"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = False

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
FILES = VAR / "files" / DATABASES["default"]["NAME"]  # beside the database they belong to
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": FILES},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = FILES
DATA_UPLOAD_MAX_MEMORY_SIZE = 25 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},  # a page not found is no event
        "psycopg.pool": {"level": "ERROR"},  # it tells every retry of a lost connection
        "procrastinate.utils": {"level": "CRITICAL"},  # it repeats what the worker has said
    },
}
