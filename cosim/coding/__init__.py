"""Codes for storage channels: how much a cell can hold (`capacity`, `constrained`, `states`, `equiprobable`), how well it can hold a real number (`scalar`,
`gaussians`, `blocks`), and what that costs (`storage_energy`)."""
