"""What happens where a machine should not decide: exceptions and the mails about them."""
