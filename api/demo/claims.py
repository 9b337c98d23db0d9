"""Claims of the demonstration 风险补偿演示: filed, looked at by every office, honoured whole or in part, refused, withdrawn, recovered, written off."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeAlias

from api.demo.scene import Life
from domain.actor import Actor
from domain.compensation.claim import Claim
from domain.facts import Moment
from domain.frozen import Frozen
from ledger import claiming, compensating, recovering
from ledger.context import CommandContext
from ledger.ledger import Ledger

PACKAGE = ("claim_form", "dunning", "contract")
Step: TypeAlias = tuple[int, Callable[[date], None]]
"""So many days after the filing, and what is done on that day."""


@dataclass(frozen=True)
class Case:
    """One claim and everybody who has to do with it; which of eight ways it goes, the borrower's number decides."""

    ledger: Ledger
    moment: Moment
    channel: str
    life: Life
    claim_no: str

    def play(self, filed_on: date) -> None:
        """Every step whose day has come."""
        for days, act in self._steps():
            day = filed_on + timedelta(days=days)
            if day > self.moment.today:
                return
            act(day)

    def _steps(self) -> Iterator[Step]:
        way, bank, hr = int(self.life.id_number[14:17]) % 8, ("bank_officer", self.life.bank), ("hr_officer", "hr")
        package = {code: self._digest(code) for code in PACKAGE}
        filing: dict[str, Any] = {"loan_no": self.life.loan_no, "documents": package}
        yield 0, self._doing(claiming.file_claim, claiming.FileClaim, *bank, **filing)
        if way == 1:
            missing, again = PACKAGE[1:2], {PACKAGE[1]: self._digest("again")}
            yield 1, self._doing(claiming.return_materials, claiming.ReturnMaterials, *hr, missing=missing)
            yield 3, self._doing(claiming.resubmit_claim, claiming.ResubmitClaim, *bank, documents=again)
        if way == 2:
            reason = "借款人承诺还款 the borrower promises to pay"
            yield 4, self._doing(claiming.withdraw_claim, claiming.WithdrawClaim, *bank, reason=reason)
            return
        honoured = self._in_part() if way == 3 else {}
        yield 5, self._doing(claiming.verify_claim, claiming.VerifyClaim, *hr, **honoured)
        if way == 4:
            known = {"ground": "misuse_known", "reason": "银行知悉挪用 the bank knew of the misuse"}
            yield 6, self._doing(claiming.reject_claim, claiming.RejectClaim, *hr, **known)
            return
        if way == 5:
            more, same = {"party": "bank", "reason": "欠款更多 more is owed"}, {"reason": "账目相符 the books agree"}
            yield 6, self._doing(claiming.dispute_claim, claiming.DisputeClaim, *bank, **more)
            yield 7, self._doing(claiming.settle_dispute, claiming.SettleDispute, *hr, outcome="dismissed", **same)
        for party in self._claim.confirmers:
            yield 9, self._doing(claiming.confirm_share, claiming.ConfirmShare, *self._of(party), party=party)
        for office in self._claim.filing.endorsed_by:
            endorser = (f"{office}_officer", office, "director")
            yield 12, self._doing(claiming.endorse_claim, claiming.EndorseClaim, *endorser, office=office)
        while due := self._claim.payments_due():
            said = {"party": due[0].party, **self._account()}
            yield 20, self._doing(compensating.pay_share, compensating.PayShare, *self._of(due[0].party), **said)
        for months, part in ((6, 5), (11, 13)):
            yield from self._recoveries(30 * months, part)
        if way == 6:
            director = Actor(subject="director", role="finance_officer", institution="finance", region="370800")
            why: dict[str, Any] = {"reason": "终结执行 enforcement has ended", "evidence": [self._digest("ruling")]}
            off: dict[str, Any] = {"party": "fund", "approved_by": director, **why}
            yield 500, self._doing(recovering.write_off_share, recovering.WriteOffShare, *self._of("fund"), **off)

    def _in_part(self) -> dict[str, Any]:
        """A twentieth of the principal is not honoured."""
        principal = self._claim.filing.principal_fen
        less = max(principal // 20, 1)
        return {
            "principal_fen": principal - less,
            "deductions": [{"fen": less, "reason": "催收不及时 dunned late"}],
        }

    def _recoveries(self, days: int, part: int) -> Iterator[Step]:
        """A part of what was covered comes in, less costs; what is the fund's is passed on."""
        leader = self._claim.leader
        gross = self._claim.covered // part
        came = {"gross_fen": gross, "cost_fen": min(gross // 40, 126_000), **self._account()}
        yield days, self._doing(recovering.record_recovery, recovering.RecordRecovery, *self._of(leader), **came)
        if held := self._claim.held(leader, "fund"):
            passed = {"party": leader, "payee": "fund", "amount_fen": held, **self._account()}
            yield (
                days + 1,
                self._doing(recovering.remit_recovery, recovering.RemitRecovery, *self._of(leader), **passed),
            )

    def _doing(
        self,
        use_case: Callable[..., object],
        command: type[Frozen],
        role: str,
        institution: str,
        post: str = "clerk",
        **said: Any,
    ) -> Callable[[date], None]:
        """The use case by somebody of an institution, on a day."""

        def act(day: date) -> None:
            given = command.model_validate({"claim_no": self.claim_no, "value_date": day, **said})
            subject = f"{role}-{institution}-{post}"[:64]
            actor = Actor(subject=subject, role=role, institution=institution, region=self.life.county)
            use_case(self.ledger, given, CommandContext(actor, self.moment, channel=self.channel))

        return act

    def _of(self, party: str) -> tuple[str, str, str]:
        """Somebody of a party of the scheme, who did not file."""
        institution = next((share.institution for share in self._claim.scheme.parties if share.party == party), None)
        return compensating.OFFICERS[party][0], institution or party, "manager"

    def _account(self) -> dict[str, Any]:
        """An account at the borrower's bank, and a payment's number of its own."""
        return {"bank": self.life.bank, "bank_reference": f"C-{self.claim_no}-{self._claim.version + 1}"}

    @property
    def _claim(self) -> Claim:
        return claiming.claim_of(self.ledger, self.claim_no)

    def _digest(self, what: str) -> str:
        return hashlib.sha256(f"{self.claim_no}/{what}".encode()).hexdigest()
