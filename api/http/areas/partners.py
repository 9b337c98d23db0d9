"""Rural partners and their projects 乡村振兴合伙人与项目."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.commands import command
from api.http.histories import thing
from api.http.reads import read_model
from api.http.things import PARTNER, PROJECT
from domain.rural_partner.refusals import UnknownPartner, UnknownProject
from ledger import landing, partnering
from projections import querying

router = APIRouter(tags=["Rural partners 乡村振兴合伙人"])
_PARTNER, _PROJECT = "/partners/{partner_no}", "/projects/{project_no}"

read_model(router, "/partners", querying.projection("partner_register"), "listPartners", "Every partner")
thing(router, _PARTNER, PARTNER, UnknownPartner, "A partner as it stands")
command(router, "/partners", partnering.recruit_partner, PARTNER, opens=PARTNER)
command(router, f"{_PARTNER}/qualification", partnering.qualify_partner, PARTNER)
command(router, f"{_PARTNER}/disqualification", partnering.disqualify_partner, PARTNER)
command(router, f"{_PARTNER}/leaving", partnering.let_partner_leave, PARTNER)
command(router, f"{_PARTNER}/loans", partnering.link_loan, PARTNER)

read_model(router, "/projects", querying.projection("project_register"), "listProjects", "Every partners' project")
thing(router, _PROJECT, PROJECT, UnknownProject, "A project as it stands")
command(router, "/projects", landing.register_project, PROJECT, opens=PROJECT)
command(router, f"{_PROJECT}/landing", landing.land_project, PROJECT)
command(router, f"{_PROJECT}/suspension", landing.suspend_project, PROJECT)
command(router, f"{_PROJECT}/resumption", landing.resume_project, PROJECT)
command(router, f"{_PROJECT}/ending", landing.end_project, PROJECT)
command(router, f"{_PROJECT}/partners", landing.join_project, PROJECT)
command(router, f"{_PROJECT}/partings", landing.part_from_project, PROJECT)
command(router, f"{_PROJECT}/job-reports", landing.report_project_jobs, PROJECT)
command(router, f"{_PROJECT}/job-verifications", landing.verify_project_jobs, PROJECT)
