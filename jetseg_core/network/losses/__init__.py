"""What training minimises."""

from jetseg_core.network.losses.class_balance import class_balanced_weights
from jetseg_core.network.losses.jet_loss import JET_TERMS, JetLoss

__all__ = ["JET_TERMS", "JetLoss", "class_balanced_weights"]
