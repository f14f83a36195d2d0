"""What gunicorn serves."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from shuiheng.app.database import WEB_STATEMENT_TIMEOUT

os.environ.setdefault("SHUIHENG_STATEMENT_TIMEOUT", WEB_STATEMENT_TIMEOUT)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuiheng.app.settings")
application = get_wsgi_application()
