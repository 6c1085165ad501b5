/* What outlives a reset: who this board is, how often it has started, its calibrations. */
#ifndef STORE_H
#define STORE_H

#include <stdint.h>

#include "levator_wire.h"

/* Reads all of it, and counts this start. */
void store_init(void);
const uint8_t *store_uid(void);
uint32_t store_boot_id(void);
/* 1 if there is a calibration of this stream; fills in what a person set, not the numbers. */
uint8_t store_load(uint8_t stream, lev_calib *calib);
/* 1 if it was written and reads back the same. */
uint8_t store_save(uint8_t stream, const lev_calib *calib);

#endif
