/* What the probe says: identity, streams, frames of samples. */
#ifndef PROBE_H
#define PROBE_H

#include <stdint.h>

#include "config.h"

/* Faults in STATUS. */
#define FAULT_PRESSURE 0x01 /* its chip is silent */

typedef struct {
    uint8_t is_on;
    uint8_t is_test;
    uint8_t batch;      /* scans to a frame */
    uint8_t scan_count; /* collected of the next frame */
    uint16_t status;    /* of the next frame */
    uint32_t index;     /* of its first scan */
    uint32_t first_us;  /* and the device clock at it */
    lev_calib calib;    /* with the epoch of the stream */
} stream_state;

extern stream_state streams[STREAM_COUNT];
extern lev_encoder encoder;
extern uint8_t device_state;
extern uint32_t faults;

void probe_init(void);
void say_hello(void);
void say_stream(uint8_t stream);
void say_status(uint16_t rx_crc_errors);
void say_log(uint8_t level, const char *text);
void say_ack(const lev_command *command, uint8_t result);
void say_ack_for(uint8_t kind, uint16_t sequence, uint8_t result);
void say_time(uint64_t t1, uint64_t t2_us);

/* Adds a scan to the next frame of a stream, and sends the frame when it is full. */
void collect(uint8_t stream, int32_t code, uint32_t time_us, uint16_t status);
/* Scans that were numbered and not kept. */
void skip(uint8_t stream, uint32_t scan_count);
/* Sends what is collected. */
void send_samples(uint8_t stream);
/* Sends what is collected, gives the stream a new epoch and describes it. */
void begin_epoch(uint8_t stream);

#endif
