from __future__ import annotations

from django.urls import path

from shuiheng.papers import views

app_name = "papers"
urlpatterns = [
    path("", views.paper_list, name="list"),
    path("<int:paper_id>", views.show, name="show"),
    path("<int:paper_id>/pdf", views.download, name="download"),
    path("<int:paper_id>/number", views.number, name="number"),
    path("<int:paper_id>/deliver", views.deliver, name="deliver"),
    path("<int:paper_id>/acknowledge", views.acknowledge, name="acknowledge"),
    path("<int:paper_id>/again", views.render_again, name="again"),
    path("attachments/<int:attachment_id>", views.attachment, name="attachment"),
]
