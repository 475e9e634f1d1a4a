"""What a security team asks of synthesized Terraform: rules, waivers, reports (pure)."""
