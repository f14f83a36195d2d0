"""Making the invented city, letting it live a year, and bringing a demo database to its opening day."""

from shuiheng.rehearsal.services.demo import ensure_demo
from shuiheng.rehearsal.services.founding import Cast, found_city
from shuiheng.rehearsal.services.stage import YearReport
from shuiheng.rehearsal.services.year import live_year

__all__ = ["Cast", "YearReport", "ensure_demo", "found_city", "live_year"]
