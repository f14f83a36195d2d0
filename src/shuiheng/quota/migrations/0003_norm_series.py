"""Norms as dated, cited rows of a series. Rows that stand there already keep figure, measure and standard."""

from django.db import migrations, models

from shuiheng.core.vocabulary import Sector
from shuiheng.quota.rules.norms import NormDomain, ValueType

DOMAIN_OF = {
    Sector.AGRICULTURE: NormDomain.IRRIGATION,
    Sector.INDUSTRY: NormDomain.INDUSTRY,
    Sector.RESIDENTS: NormDomain.RESIDENTS,
}


def name_domains(apps, editor):
    norm = apps.get_model("quota", "Norm")
    for sector, domain in DOMAIN_OF.items():
        norm.objects.filter(sector=sector).update(domain=domain)


class Migration(migrations.Migration):
    dependencies = [("quota", "0002_history")]
    operations = [
        migrations.RemoveConstraint("norm", "norm_once_a_date"),
        migrations.RemoveConstraint("norm", "norm_positive"),
        migrations.RenameField("norm", "m3_per_measure", "value"),
        migrations.AlterField(
            "norm", "value",
            models.DecimalField("采用值", decimal_places=4, max_digits=12, null=True),
        ),
        migrations.AddField(
            "norm", "domain",
            models.CharField("领域", choices=NormDomain.choices(), default="services", max_length=12),
            preserve_default=False,
        ),
        migrations.RunPython(name_domains, migrations.RunPython.noop),
    ]
