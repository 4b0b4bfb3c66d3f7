/* SPDX-License-Identifier: MIT */
/* Included before everything else: the size of a maple node depends on it. */
#define CONFIG_64BIT 1
#define CONFIG_PHYS_ADDR_T_64BIT 1
