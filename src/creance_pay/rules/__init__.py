r"""The rules of the service: whether a debt is payable online, how much of it, and the deadlines after a payment.

Each rule is a pure function of its arguments, which include the day, the debts and the policy.  The clock, the network
and the database stay outside.  The answer to a question is a :class:`Verdict`.

>>> policy = policy_named("ameli-2019-11")
>>> print("\n".join(access(None, policy=policy).explain()))
R4 REFERENCE_NOT_OPEN: Not found, another person's, or closed: one answer. Source: guide, annex, screen of a reference that is not open.
Policy ameli-2019-11, documented on 2019-11-01.
Policy value: open_debt_kinds = PFR, FRR, documented on 2019-11-01: guide, use cases and exclusions: participations forfaitaires and franchises
"""  # noqa: E501 - what the doctest prints

from __future__ import annotations

from .allocation import allocate
from .amounts import AmountCheck, check_amount
from .cards import check_card_mask
from .citations import sources
from .dates import add_working_days, is_working_day
from .deadlines import AfterPayment, acknowledge_by, after_payment, delete_on, display_by, register_by
from .eligibility import Access, Assessment, NoticeChannel, NoticeScope, access, assess, notice_channel, notice_scope
from .instalments import plan, plan_debts
from .policy import Policy, Statement, load_policies, policy_named, policy_on
from .schedules import schedule
from .verdicts import Verdict

__all__ = [
    "Access",
    "AfterPayment",
    "AmountCheck",
    "Assessment",
    "NoticeChannel",
    "NoticeScope",
    "Policy",
    "Statement",
    "Verdict",
    "access",
    "acknowledge_by",
    "add_working_days",
    "after_payment",
    "allocate",
    "assess",
    "check_amount",
    "check_card_mask",
    "delete_on",
    "display_by",
    "is_working_day",
    "load_policies",
    "notice_channel",
    "notice_scope",
    "plan",
    "plan_debts",
    "policy_named",
    "policy_on",
    "register_by",
    "schedule",
    "sources",
]
