"""Applications of the demonstration 申请演示, step by step, each by whoever would take it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from api.demo.asking import HIRED, ORDINARY, STAFF, Asked, credit_code, figures_by_hand
from api.demo.partners import partner_no, project_no
from api.demo.playing import CHANNEL
from api.demo.scene import FUND, GUARANTOR, Life, companion
from domain.actor import Actor
from domain.facts import Moment
from domain.loan_application.events import Enterprise, Source
from domain.rural_partner.partner import RURAL_LOAN
from ledger import applying, approving, reviewing
from ledger.context import CommandContext
from ledger.desk import Desk
from ledger.fetching import FetchData, fetch_data
from ledger.registering import RegisterBorrower, register_borrower

FIRST_DAY = date(2021, 1, 4)
"""From it on the city's editions offer the packages."""

PARTNER, GUARANTEES = 1, 2
"""At whose side somebody stands: in the business, towards the guarantor."""


@dataclass
class Applicants:
    """Plays applications up to today."""

    desk: Desk
    moment: Moment

    def sign(self, asked: Asked, life: Life, borrower: UUID) -> None:
        """From the form to the contract, all within the days before it."""
        case_no = f"A-{life.loan_no}"
        day = max(life.signed_on - timedelta(days=3), FIRST_DAY)
        self.accepted(case_no, life, borrower, day, asked)
        self.secured(case_no, life, day, asked)
        self.reviewed(case_no, life, day, asked)
        self.approved(case_no, life, life.signed_on, asked.conditions)
        terms = life.terms.model_dump(include={"method", "every", "due_day", "first_due"})
        command = approving.SignApproved(case_no=case_no, loan_no=life.loan_no, value_date=life.signed_on, **terms)
        approving.sign_approved(self.desk, command, self.by(life, "bank_officer", life.bank))

    def known(self, life: Life, person: tuple[str, str], day: date, phone: str | None = None) -> UUID:
        name, id_number = person
        registration = RegisterBorrower(name=name, id_number=id_number, phone=phone, value_date=day)
        clerk = self.by(life, "clerk", FUND)
        return register_borrower(self.desk.ledger, self.desk.keystore, registration, clerk)

    def submitted(
        self,
        case_no: str,
        life: Life,
        borrower: UUID,
        day: date,
        asked: Asked = ORDINARY,
        resubmits: str | None = None,
    ) -> None:
        as_partner = asked.product == RURAL_LOAN
        taker, institution = self._intake(life, asked)
        command = applying.SubmitApplication(
            case_no=case_no,
            kind=asked.kind,
            applicant=borrower,
            partners=(self.known(life, companion(life, PARTNER), day),) if asked.kind == "partnership" else (),
            enterprise=Enterprise(credit_code=credit_code(life), staff=STAFF, hired=HIRED)
            if asked.kind == "small_enterprise"
            else None,
            product=asked.product,
            group=asked.group,
            amount_fen=life.amount,
            months=life.terms.instalments * life.terms.every,
            channel=asked.channel,
            outlet=f"{life.bank}-{life.county}" if asked.channel == "outlet" else None,
            bank=life.bank,
            guarantor=GUARANTOR,
            county=life.county,
            partner_no=partner_no(life) if as_partner else None,
            project_no=project_no(life) if as_partner else None,
            resubmits=resubmits,
            value_date=day,
        )
        applying.submit_application(self.desk, command, self.by(life, taker, institution))

    def _intake(self, life: Life, asked: Asked) -> tuple[str, str]:
        """Who takes it in at its door."""
        doors = {"hall": ("clerk", FUND), "outlet": ("outlet_clerk", life.bank), "online": ("applicant", "online")}
        return doors[asked.channel]

    def accepted(
        self,
        case_no: str,
        life: Life,
        borrower: UUID,
        day: date,
        asked: Asked = ORDINARY,
        resubmits: str | None = None,
    ) -> None:
        """Every document is brought; sources are asked with consent, and where one gives no answer a clerk goes on by hand."""
        self.submitted(case_no, life, borrower, day, asked, resubmits)
        digest, *_ = [self.document(case_no, life, borrower, *brought, day) for brought in asked.brought]
        for source in asked.sources:
            if not (asked.knows(source) and self.fetched(case_no, life, source, digest, day)):
                self.entered(case_no, life, source, digest, day)
        accept = applying.AcceptApplication(case_no=case_no, value_date=day)
        applying.accept_application(self.desk, accept, self.by(life, "clerk", FUND))

    def fetched(self, case_no: str, life: Life, source: Source, digest: str, day: date) -> bool:
        """Whether there was an answer."""
        until = self.moment.today + timedelta(days=180)
        consent = applying.GiveConsent(
            case_no=case_no, source=source, document=digest, expires_on=until, value_date=day
        )
        applying.give_consent(self.desk, consent, self.by(life, "clerk", FUND))
        fetch = FetchData(case_no=case_no, source=source, value_date=day)
        fetch_data(self.desk, fetch, self.by(life, "clerk", FUND))
        return source in self.desk.ledger.application(case_no).figures()

    def entered(self, case_no: str, life: Life, source: Source, digest: str, day: date) -> None:
        entry = applying.EnterData(
            case_no=case_no,
            source=source,
            figures=figures_by_hand(source),
            material=digest,
            reason="来源未答复 the source gave no answer",
            value_date=day,
        )
        applying.enter_data(self.desk, entry, self.by(life, "clerk", FUND))

    def document(
        self, case_no: str, life: Life, borrower: UUID, kind: str, content: bytes, media_type: str, day: date
    ) -> str:
        kept = self.desk.materials.take(content, media_type, self.desk.keystore.key(borrower))
        command = applying.AddMaterial(case_no=case_no, kind=kind, value_date=day)
        applying.record_material(self.desk, command, kept, self.by(life, "outlet_clerk", life.bank))
        return kept.digest

    def secured(self, case_no: str, life: Life, day: date, asked: Asked = ORDINARY) -> None:
        """Somebody or something stands for the loan, or a rule waives it."""
        guarantor = self.by(life, "guarantor_officer", GUARANTOR)
        if asked.form is None:
            waiver = reviewing.WaiveCounterGuarantee(case_no=case_no, shown=asked.shown, value_date=day)
            reviewing.waive_counter_guarantee(self.desk, waiver, guarantor)
            return
        security = reviewing.RegisterCounterGuarantee(
            case_no=case_no,
            form=asked.form,
            person=self.known(life, companion(life, GUARANTEES), day) if asked.stands else None,
            member=asked.product == "family",
            value_fen=None if asked.stands else life.amount,
            value_date=day,
        )
        reviewing.register_counter_guarantee(self.desk, security, guarantor)

    def reviewed(
        self,
        case_no: str,
        life: Life,
        day: date,
        asked: Asked = ORDINARY,
        *,
        margin_bp: int = 50,
        against: str | None = None,
    ) -> None:
        """The bank first, then the guarantor, who may be `against` it in words, then human resources."""
        said = {"case_no": case_no, "shown": asked.shown, "value_date": day}
        credit = reviewing.ReviewCredit.model_validate({**said, "margin_bp": margin_bp})
        reviewing.review_credit(self.desk, credit, self.by(life, "bank_officer", life.bank))
        guarantee = reviewing.ReviewGuarantee.model_validate(
            {**said, "note": against, "outcome": "rejected" if against else None}
        )
        reviewing.review_guarantee(self.desk, guarantee, self.by(life, "guarantor_officer", GUARANTOR))
        eligibility = reviewing.ReviewEligibility.model_validate(said)
        reviewing.review_eligibility(self.desk, eligibility, self.by(life, "hr_officer", FUND))

    def approved(self, case_no: str, life: Life, day: date, conditions: tuple[str, ...] = ()) -> None:
        command = approving.ApproveApplication(case_no=case_no, conditions=conditions, value_date=day)
        approving.approve_application(self.desk, command, self.by(life, "approver", FUND))

    def rejected(self, case_no: str, life: Life, day: date) -> None:
        command = approving.RejectApplication(case_no=case_no, value_date=day)
        approving.reject_application(self.desk, command, self.by(life, "approver", FUND))

    def lapsed(self, case_no: str, life: Life, day: date) -> None:
        """If that day has come."""
        if day <= self.moment.today:
            command = approving.ExpireApplication(case_no=case_no, value_date=day)
            approving.expire_application(self.desk, command, self.by(life, "system", "day_close"))

    def by(self, life: Life, role: str, institution: str) -> CommandContext:
        actor = Actor(subject=f"{role}-{institution}"[:64], role=role, institution=institution, region=life.county)
        return CommandContext(actor, self.moment, channel=CHANNEL)
