/* The clock and what is measured: EMG on the timer's beat, pressure whenever its chip has a value. */
#ifndef SENSORS_H
#define SENSORS_H

#include <stdint.h>

void sensors_init(void);

/* Microseconds since boot. */
uint64_t clock_us(void);
/* Milliseconds since boot; wraps after 49 days. */
uint32_t clock_ms(void);

/* Forgets what was collected and begins anew. */
void emg_start(void);
/* EMG that was collected and not taken yet. */
uint8_t emg_waiting(void);
/* The oldest code that was not taken, 0 to 1023, and the device clock at its sampling. There must be
 * one waiting. */
uint16_t emg_take(uint32_t *time_us);
/* Codes that found no room before the next one; they were numbered all the same. Asked for before
 * emg_take, when none is waiting. */
uint32_t emg_lost(void);

/* 1 if there is a new pressure. `time_us` is the device clock when its chip had it ready. */
uint8_t pressure_take(int32_t *code, uint32_t *time_us);
/* The chip goes on without being read; what it had is thrown away. */
void pressure_restart(void);

/* Eight bytes that differ from board to board, from the noise of an open input. */
void noise(uint8_t *bytes);

#endif
