"""Tells access where a point lies: the facts by which rights go (`access.ports.PointPlaces`)."""

from fengtai.domain.access.model import Place
from fengtai.domain.points.ports import PointStore
from fengtai.vocabulary.transactions import Transactions, UnitOfWork


class RegisteredPlaces:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def place_of(self, point_id: str) -> Place:
        def unit(uow: UnitOfWork) -> Place:
            return uow.store(PointStore).get(point_id).place

        return await self._transactions.read(unit)
