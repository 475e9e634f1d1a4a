"""Load balancers whose names say what they are.

moto names every load balancer `app/…`; a network load balancer is `net/…`, and so is the
name that its metrics carry.

Source:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

from typing import Any

from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer


class BalancerBackend(ELBv2Backend):
    """Elastic Load Balancing of one account and Region."""

    @property
    def _url_module(self) -> Any:
        import moto.elbv2.urls

        return moto.elbv2.urls

    def create_load_balancer(self, *arguments: Any, **named: Any) -> FakeLoadBalancer:
        balancer: Any = super().create_load_balancer(*arguments, **named)
        if balancer.type == "network":
            self._rename(balancer, balancer.arn.replace(":loadbalancer/app/", ":loadbalancer/net/"))
        made: FakeLoadBalancer = balancer
        return made

    def _rename(self, balancer: Any, arn: str) -> None:
        tags = self.tagging_service.get_tag_dict_for_resource(balancer.arn)
        self.tagging_service.delete_all_tags_for_resource(balancer.arn)
        self.tagging_service.tag_resource(arn, [{"Key": k, "Value": v} for k, v in tags.items()])
        self.load_balancers[arn] = self.load_balancers.pop(balancer.arn)
        balancer.arn = arn
