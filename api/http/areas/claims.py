"""Claims 代偿与追偿: filed, verified, confirmed, endorsed, paid by the scheme's route, recovered, written off."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.commands import command
from api.http.histories import thing
from api.http.reads import read_model
from api.http.things import CLAIM
from domain.compensation.refusals import UnknownClaim
from ledger import claiming, compensating, recovering
from projections import querying

router = APIRouter(tags=["Claims 代偿与追偿"])
_OF = "/claims/{claim_no}"

read_model(router, "/claims", querying.projection("claim_register"), "listClaims", "The register of claims")
thing(router, _OF, CLAIM, UnknownClaim, "A claim with what every party paid and got back")
command(router, "/claims", claiming.file_claim, CLAIM, opens=CLAIM)
command(router, f"{_OF}/returns", claiming.return_materials, CLAIM)
command(router, f"{_OF}/resubmissions", claiming.resubmit_claim, CLAIM)
command(router, f"{_OF}/verification", claiming.verify_claim, CLAIM)
command(router, f"{_OF}/disputes", claiming.dispute_claim, CLAIM)
command(router, f"{_OF}/dispute-settlements", claiming.settle_dispute, CLAIM)
command(router, f"{_OF}/confirmations", claiming.confirm_share, CLAIM)
command(router, f"{_OF}/endorsements", claiming.endorse_claim, CLAIM)
command(router, f"{_OF}/rejection", claiming.reject_claim, CLAIM)
command(router, f"{_OF}/withdrawal", claiming.withdraw_claim, CLAIM)
command(router, f"{_OF}/payments", compensating.pay_share, CLAIM)
command(router, f"{_OF}/recoveries", recovering.record_recovery, CLAIM)
command(router, f"{_OF}/remittances", recovering.remit_recovery, CLAIM)
command(router, f"{_OF}/recovery-reversals", recovering.reverse_recovery, CLAIM)
command(router, f"{_OF}/assets", recovering.take_over_asset, CLAIM)
command(router, f"{_OF}/asset-sales", recovering.sell_asset, CLAIM)
command(router, f"{_OF}/write-offs", recovering.write_off_share, CLAIM)
