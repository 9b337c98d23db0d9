"""Partners and projects on paper: what the tests of the domain recruit, register and read, without any store."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid5

from domain.actor import Actor
from domain.personal_data import Sealed
from domain.rural_partner.events import PartnerPerson
from domain.rural_partner.partner import RuralPartner
from domain.rural_partner.project import PartnerProject
from tests.domain.lending import NOW

RECRUITED, QUALIFIED, LANDED = date(2024, 1, 10), date(2024, 2, 1), date(2024, 4, 1)
CLERK = Actor(subject="clerk-1", role="clerk", institution="hr", region="370831")
VERIFIER = Actor(subject="hr-1", role="hr_officer", institution="hr", region="370831")


def person(name: str) -> PartnerPerson:
    who = uuid5(UUID(int=0), name)
    sealed = Sealed(person=who, key_id=who, nonce="", ciphertext="")
    return PartnerPerson(person=who, name=sealed, id_number=sealed)


def recruited(*people: str, **more: Any) -> RuralPartner:
    """Recruited and saved."""
    who = {"kind": "large_grower", "way": "found_industry", "county": "370831", **more}
    persons = tuple(map(person, people or ("li",)))
    partner = RuralPartner.recruit(NOW, partner_no="P-1", value_date=RECRUITED, persons=persons, **who)
    partner.collect_events()
    return partner


def qualified(*people: str) -> RuralPartner:
    """The same, qualified and saved."""
    partner = recruited(*people)
    partner.qualify(NOW, actor=VERIFIER, value_date=QUALIFIED)
    partner.collect_events()
    return partner


def registered(*partners: str) -> PartnerProject:
    """Registered and saved."""
    what = {"title": "泗水贡桃示范园", "industry": "orchard", "county": "370831"}
    project = PartnerProject.register(
        NOW, project_no="X-1", partners=partners or ("P-1",), value_date=QUALIFIED, **what
    )
    project.collect_events()
    return project


def landed(*partners: str) -> PartnerProject:
    """The same, landed and saved."""
    project = registered(*partners)
    project.land(NOW, value_date=LANDED)
    project.collect_events()
    return project
