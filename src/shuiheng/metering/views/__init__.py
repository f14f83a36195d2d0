"""Pages of use: a unit's monthly report, a supplier's deliveries and monthly balance, and for officers who
has not reported, estimates, and a sheet for many units. `plans` is given by the address book (app/urls.py)."""
