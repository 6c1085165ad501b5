/*
 * The wire protocol of the probes for firmware in C, version 1.0: encoder of everything a device
 * sends, decoder of everything a host asks. SPEC.md is normative; the clauses are cited here.
 *
 * C99, freestanding: no heap, no stdio, nothing of the C library but string.h: memcpy, memmove, memset, memcmp.
 * Usable from C++ (and so from Arduino sketches). One file to add to a project: levator_wire.c.
 *
 *   static lev_encoder encoder;                 // all zero: as after boot
 *   static uint8_t wire[LEV_MAX_WIRE];
 *   uint8_t len = lev_encode_status(&encoder, &status, wire);
 *   if (len != 0) send(wire, len);              // 0: a field is out of its range, nothing is used up
 *
 *   static lev_decoder decoder;                 // all zero
 *   lev_command command;
 *   if (lev_decode(&decoder, byte, &command) == LEV_TAKEN && command.kind == LEV_START) ...
 */
#ifndef LEVATOR_WIRE_H
#define LEVATOR_WIRE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- limits (SPEC 2.6) --- */
#define LEV_MAJOR 1
#define LEV_MINOR 0
#define LEV_DELIMITER 0x00
#define LEV_HEADER_LEN 4
#define LEV_CHECKSUM_LEN 4
#define LEV_MAX_PAYLOAD 240
#define LEV_MIN_DECODED 8
#define LEV_MAX_DECODED 248
#define LEV_MAX_WIRE 250
#define LEV_OVERHEAD 10
#define LEV_SAMPLES_OVERHEAD 24
#define LEV_MAX_SAMPLE_BYTES 226
#define LEV_MAX_NAME_LEN 32
#define LEV_MAX_STREAMS 8
#define LEV_MAX_CHANNELS 16
#define LEV_ALL 255 /* in place of a stream or channel: all of them, or in EVENT none */
#define LEV_MAGIC "PFW1"

/* --- flags of a frame (SPEC 2.2) --- */
#define LEV_ACK_WANTED 0x01
#define LEV_RETRANSMISSION 0x02

/* --- types (SPEC 3.1) --- */
#define LEV_HELLO 0x01
#define LEV_STREAM_DESC 0x02
#define LEV_CALIB 0x03
#define LEV_SAMPLES 0x10
#define LEV_EVENT 0x11
#define LEV_STATUS 0x12
#define LEV_LOG 0x13
#define LEV_TIME_REP 0x14
#define LEV_ACK 0x1F
#define LEV_IDENTIFY 0x40
#define LEV_GET_DESC 0x41
#define LEV_START 0x42
#define LEV_STOP 0x43
#define LEV_SET_RATE 0x44
#define LEV_ZERO 0x45
#define LEV_SET_CAL 0x46
#define LEV_TIME_REQ 0x47
#define LEV_KEEPALIVE 0x48
#define LEV_SELF_TEST 0x49
#define LEV_RESET 0x4F

/* --- least payloads (SPEC 3.1) --- */
#define LEV_HELLO_LEAST 29
#define LEV_STREAM_DESC_LEAST 29
#define LEV_CALIB_LEAST 20
#define LEV_SAMPLES_LEAST 14
#define LEV_EVENT_LEAST 12
#define LEV_STATUS_LEAST 28
#define LEV_LOG_LEAST 1
#define LEV_TIME_REP_LEAST 24
#define LEV_ACK_LEAST 4
#define LEV_IDENTIFY_LEAST 6
#define LEV_GET_DESC_LEAST 1
#define LEV_START_LEAST 6
#define LEV_STOP_LEAST 0
#define LEV_SET_RATE_LEAST 5
#define LEV_ZERO_LEAST 4
#define LEV_SET_CAL_LEAST 21
#define LEV_TIME_REQ_LEAST 8
#define LEV_KEEPALIVE_LEAST 0
#define LEV_SELF_TEST_LEAST 2
#define LEV_RESET_LEAST 4

/* --- enumerations (SPEC 3.22) --- */
#define LEV_KIND_PRESSURE 1
#define LEV_KIND_EMG_RAW 2
#define LEV_KIND_EMG_ENVELOPE 3
#define LEV_KIND_TEMPERATURE 4
#define LEV_KIND_ACCELERATION 5
#define LEV_KIND_FORCE 6
#define LEV_KIND_BATTERY 7

#define LEV_FORMAT_I16 1
#define LEV_FORMAT_I24 2
#define LEV_FORMAT_I32 3
#define LEV_FORMAT_F32 4
#define LEV_FORMAT_U16 5

#define LEV_UNIT_COUNTS 0
#define LEV_UNIT_PASCAL 1
#define LEV_UNIT_MICROVOLT 2
#define LEV_UNIT_CELSIUS 3
#define LEV_UNIT_GRAVITY 4
#define LEV_UNIT_NEWTON 5
#define LEV_UNIT_VOLT 6

#define LEV_SOURCE_NOMINAL 0
#define LEV_SOURCE_FACTORY 1
#define LEV_SOURCE_USER 2
#define LEV_SOURCE_RUN_TIME_ZERO 3

#define LEV_STATE_IDLE 0
#define LEV_STATE_STREAMING 1
#define LEV_STATE_ERROR 2
#define LEV_STATE_CALIBRATING 3

#define LEV_LEVEL_ERROR 0
#define LEV_LEVEL_WARNING 1
#define LEV_LEVEL_INFORMATION 2
#define LEV_LEVEL_DEBUG 3

#define LEV_RESULT_OK 0
#define LEV_RESULT_UNKNOWN_KIND 1
#define LEV_RESULT_LENGTH 2
#define LEV_RESULT_VALUE 3
#define LEV_RESULT_BUSY 4
#define LEV_RESULT_UNSUPPORTED 5
#define LEV_RESULT_HARDWARE 6

/* --- bit sets (SPEC 3.23) --- */
#define LEV_CAP_TIME_SYNC 0x0001
#define LEV_CAP_ZERO 0x0002
#define LEV_CAP_STORED_CALIBRATION 0x0004
#define LEV_CAP_LEAD_OFF 0x0008
#define LEV_CAP_BATTERY 0x0010
#define LEV_CAP_SELF_TEST 0x0020
#define LEV_CAP_BUTTON 0x0040
#define LEV_CAP_RATE_SETTING 0x0080
#define LEV_CAP_KEEP_ALIVE_REQUIRED 0x0100

#define LEV_STREAM_GAUGE 0x0001
#define LEV_STREAM_LOW_PASSED 0x0002
#define LEV_STREAM_RECTIFIED 0x0004

#define LEV_STATUS_SATURATED_LOW 0x0001
#define LEV_STATUS_SATURATED_HIGH 0x0002
#define LEV_STATUS_LEAD_OFF 0x0004
#define LEV_STATUS_SENSOR_FAULT 0x0008
#define LEV_STATUS_STALE 0x0010
#define LEV_STATUS_OVERRUN 0x0020
#define LEV_STATUS_CLOCK_DISCONTINUITY 0x0040
#define LEV_STATUS_TEST_SIGNAL 0x0080
#define LEV_STATUS_WARMING_UP 0x0100
#define LEV_STATUS_LOW_BATTERY 0x0200

#define LEV_EVENT_BUTTON 1

/* Not known, in STATUS. */
#define LEV_BATTERY_UNKNOWN 255
#define LEV_TEMPERATURE_UNKNOWN (-32767 - 1)

/* --- what a device sends --- */

typedef struct {
    uint16_t sequence; /* of the next frame; 0 after boot */
} lev_encoder;

/* HELLO (SPEC 3.2). */
typedef struct {
    uint8_t minor;       /* LEV_MINOR */
    uint8_t max_payload; /* longest payload accepted: LEV_RX_PAYLOAD */
    uint16_t model;
    uint32_t boot_id; /* another one after every boot */
    uint8_t uid[8];   /* of this piece of hardware, the same for its life */
    uint8_t firmware[3];
    uint8_t stream_count; /* 0 to 8 */
    uint32_t capabilities;
    const char *name; /* UTF-8, not terminated */
    uint8_t name_len; /* 0 to 32 */
} lev_hello;

/* STREAM_DESC (SPEC 3.3). */
typedef struct {
    uint8_t stream; /* 0 to 7 */
    uint8_t epoch;
    uint8_t kind;
    uint8_t format;
    uint8_t channels; /* 1 to 16 */
    uint8_t unit;
    uint16_t flags;
    uint32_t rate_mhz;  /* scans per 1000 s, not 0 */
    uint16_t max_scans; /* not 0; times channels times width at most 226 */
    uint32_t filter_delay_us;
    int32_t adc_min;
    int32_t adc_max; /* not below adc_min; equal to it if there are no limits */
    const char *label;
    uint8_t label_len; /* 0 to 211 */
} lev_stream_desc;

/* CALIB (SPEC 3.4): value = (code - offset) x scale. Also inside SET_CAL. */
typedef struct {
    uint8_t stream;  /* 0 to 7 */
    uint8_t channel; /* 0 to 15 */
    uint8_t epoch;
    uint8_t source;
    float scale;  /* units per count: not zero, subnormal, infinite or NaN */
    float offset; /* in counts, finite */
    uint32_t calibrated_at_s;
    float reference_span; /* finite, not negative */
} lev_calib;

/* SAMPLES (SPEC 3.5), without the data. */
typedef struct {
    uint8_t stream; /* 0 to 7 */
    uint8_t epoch;
    uint16_t status;
    uint32_t index;   /* of the first scan */
    uint32_t time_us; /* device clock at the first scan */
    uint8_t scan_count;
    uint8_t fault_channels;
} lev_samples;

/* EVENT (SPEC 3.6). */
typedef struct {
    uint32_t index;
    uint32_t time_us;
    uint8_t code;
    uint8_t stream; /* 0 to 7, or LEV_ALL for none */
    int16_t value;
} lev_event;

/* STATUS (SPEC 3.7), every second, in every state. */
typedef struct {
    uint64_t uptime_us;
    uint32_t boot_id;
    uint8_t state;
    uint8_t battery_percent; /* 0 to 100, or LEV_BATTERY_UNKNOWN */
    uint16_t battery_mv;
    int16_t temperature_centi_c; /* or LEV_TEMPERATURE_UNKNOWN */
    uint16_t rx_crc_errors;
    uint16_t rx_overruns;
    uint16_t tx_dropped;
    uint32_t faults;
} lev_status;

/*
 * Each writes one frame with its delimiter to `wire`, which has room for LEV_MAX_WIRE bytes, or for
 * LEV_OVERHEAD more than the payload. Returns the length, or 0 if a field is out of its range; then
 * no sequence number is used. A frame that is made and not handed to the link shall give its number
 * back (SPEC 4.1): encoder->sequence--.
 */
uint8_t lev_encode_hello(lev_encoder *encoder, const lev_hello *hello, uint8_t *wire);
uint8_t lev_encode_stream_desc(lev_encoder *encoder, const lev_stream_desc *description,
                               uint8_t *wire);
uint8_t lev_encode_calib(lev_encoder *encoder, const lev_calib *calib, uint8_t *wire);
uint8_t lev_encode_event(lev_encoder *encoder, const lev_event *event, uint8_t *wire);
uint8_t lev_encode_status(lev_encoder *encoder, const lev_status *status, uint8_t *wire);
uint8_t lev_encode_log(lev_encoder *encoder, uint8_t level, const char *text, uint8_t text_len,
                       uint8_t *wire);
uint8_t lev_encode_time_rep(lev_encoder *encoder, uint64_t t1, uint64_t t2_us, uint64_t t3_us,
                            uint8_t *wire);
uint8_t lev_encode_ack(lev_encoder *encoder, uint8_t kind, uint16_t sequence, uint8_t result,
                       const uint8_t *data, uint8_t data_len, uint8_t *wire);

/*
 * SAMPLES. `data` is copied to lev_samples_data(wire), unless it stands there already: so the codes
 * can be written where they will be sent from. `data_len` is scan_count x channels x width.
 */
uint8_t lev_encode_samples(lev_encoder *encoder, const lev_samples *samples, const uint8_t *data,
                           uint8_t data_len, uint8_t *wire);
uint8_t *lev_samples_data(uint8_t *wire);

/* Makes a frame of any type, for vendors (80 to BF) and tests (C0 to FF). The payload may stand at
 * `wire + LEV_PAYLOAD_AT` already. */
#define LEV_PAYLOAD_AT 5
uint8_t lev_encode(lev_encoder *encoder, uint8_t flags, uint8_t kind, const uint8_t *payload,
                   uint8_t payload_len, uint8_t *wire);

/* Codes to bytes, little endian. Clamp before and say so with LEV_STATUS_SATURATED_... */
void lev_put_i16(uint8_t *to, int16_t code);
void lev_put_i24(uint8_t *to, int32_t code);
void lev_put_i32(uint8_t *to, int32_t code);

/* --- what a device is asked --- */

/* Longest payload the decoder takes; every command of version 1.0 fits into 21. Define it smaller,
 * the same for all files, to save memory, and say it in HELLO. */
#ifndef LEV_RX_PAYLOAD
#define LEV_RX_PAYLOAD LEV_MAX_PAYLOAD
#endif
#define LEV_RX_RUN (LEV_RX_PAYLOAD + LEV_MIN_DECODED + 1)

/* What became of a byte (SPEC 2.5, in its order). */
typedef enum {
    LEV_NOTHING = 0, /* no run has ended */
    LEV_TAKEN,       /* a command, or an unknown type: see `known` */
    LEV_REFUSED_OVERLONG,
    LEV_REFUSED_STRUCTURE,
    LEV_REFUSED_SHORT,
    LEV_REFUSED_CHECKSUM,
    LEV_REFUSED_MAJOR,
    LEV_REFUSED_LOOP_BACK,
    LEV_REFUSED_LENGTH, /* answer LEV_RESULT_LENGTH if an ACK is wanted */
    LEV_REFUSED_FIELD,  /* answer LEV_RESULT_VALUE if an ACK is wanted */
    LEV_OUTCOMES
} lev_outcome;

typedef struct {
    uint16_t counts[LEV_OUTCOMES]; /* how often each came; they wrap, as STATUS wants it */
    uint8_t held_len;
    uint8_t overlong;
    uint8_t run[LEV_RX_RUN];
} lev_decoder;

/* Valid until the next byte is decoded. From LEV_REFUSED_MAJOR on the header is filled in even if
 * the command was refused, the rest only for LEV_TAKEN. */
typedef struct {
    uint8_t kind;
    uint8_t flags; /* LEV_ACK_WANTED, LEV_RETRANSMISSION */
    uint16_t sequence;
    uint8_t known;          /* 0: a type this version does not know; answer LEV_RESULT_UNKNOWN_KIND */
    uint8_t detail;         /* refused: short, bytes; major, which; length, least; field, offset */
    uint8_t payload_len;    /* with what a later minor version has put behind */
    const uint8_t *payload; /* inside the decoder */
    union {
        struct { uint8_t minor, max_payload; } identify;
        struct { uint8_t stream; } get_desc;
        struct { uint8_t streams, batch_ms; uint32_t keep_alive_ms; } start;
        struct { uint8_t stream; uint32_t rate_mhz; } set_rate;
        struct { uint8_t stream, channel; uint16_t duration_ms; } zero;
        struct { lev_calib calib; uint8_t persist; } set_cal;
        struct { uint64_t t1; } time_req;
        struct { uint8_t stream, on; } self_test;
    } as;
} lev_command;

/* Takes one byte as it arrives. After damage it is in step again at the next delimiter. */
lev_outcome lev_decode(lev_decoder *decoder, uint8_t byte, lev_command *command);

/* CRC-32C (SPEC 2.3). */
uint32_t lev_crc32c(const uint8_t *bytes, size_t len);

#ifdef __cplusplus
}
#endif

#endif
