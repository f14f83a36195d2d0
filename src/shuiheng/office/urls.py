"""Signing in, one's password, posts, policy values, the business date."""

from __future__ import annotations

from django.urls import path

from shuiheng.office.views import policy, posts, signing

app_name = "office"
urlpatterns = [
    path("sign-in/", signing.sign_in, name="sign_in"),
    path("sign-out/", signing.sign_out, name="sign_out"),
    path("password/", signing.password, name="password"),
    path("clock/", signing.clock, name="clock"),
    path("posts/", posts.posts, name="posts"),
    path("posts/person/", posts.post_person, name="post_person"),
    path("posts/new/", posts.post_new, name="post_new"),
    path("posts/<int:post_id>/end/", posts.post_end, name="post_end"),
    path("posts/<int:post_id>/stand-in/", posts.post_stand_in, name="post_stand_in"),
    path("posts/<int:post_id>/hand-over/", posts.post_hand_over, name="post_hand_over"),
    path("policy/", policy.policy, name="policy"),
    path("policy/<int:policy_id>/", policy.policy_row, name="policy_row"),
    path("policy/<int:policy_id>/edit/", policy.policy_edit, name="policy_edit"),
]
