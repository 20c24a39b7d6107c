"""What training minimises."""

from jetseg_core.losses.class_balance import class_balanced_weights
from jetseg_core.losses.jet_loss import JetLoss

__all__ = ["JetLoss", "class_balanced_weights"]
