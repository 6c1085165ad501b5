#include "probe.h"

#include <string.h>

#include "link.h"
#include "sensors.h"
#include "store.h"

#define TEXT_LEN 64
#define WIRE_LEN (LEV_OVERHEAD + LEV_HELLO_LEAST + TEXT_LEN)
/* Room that samples leave for answers. */
#define RESERVE 40

stream_state streams[STREAM_COUNT];
lev_encoder encoder;
uint8_t device_state;
uint32_t faults;

static uint8_t wire[WIRE_LEN];
/* Codes are written where they will be sent from. */
static uint8_t pressure_wire[LEV_SAMPLES_OVERHEAD + 3 * PRESSURE_MAX_SCANS];
static uint8_t emg_wire[LEV_SAMPLES_OVERHEAD + 2 * EMG_MAX_SCANS];
static uint8_t *const stream_wire[STREAM_COUNT] = {pressure_wire, emg_wire};
static const uint8_t width[STREAM_COUNT] = {3, 2};

static uint16_t dropped;
static uint32_t sent_ms;
static uint8_t has_sent;

/* SPEC 2.7: after a pause, whatever stands in the receiver's buffer then costs no frame. */
static void send(const uint8_t *frame, uint8_t len)
{
    static const uint8_t delimiter = LEV_DELIMITER;
    uint32_t now_ms = clock_ms();
    if (len == 0) {
        return;
    }
    if (!has_sent || now_ms - sent_ms >= 100) {
        link_write(&delimiter, 1);
    }
    has_sent = 1;
    sent_ms = now_ms;
    link_write(frame, len);
}

void probe_init(void)
{
    streams[PRESSURE].batch = 1;
    streams[PRESSURE].calib.scale = PRESSURE_SCALE;
    streams[EMG].batch = EMG_BATCH_MS / EMG_PERIOD_MS;
    streams[EMG].calib.scale = EMG_SCALE;
    streams[EMG].calib.offset = EMG_OFFSET;
    for (uint8_t stream = 0; stream < STREAM_COUNT; stream++) {
        streams[stream].calib.stream = stream;
        streams[stream].calib.epoch = 1;
        (void)store_load(stream, &streams[stream].calib);
    }
}

void say_hello(void)
{
    static const uint8_t version[3] = FIRMWARE_VERSION;
    lev_hello hello;
    hello.minor = LEV_MINOR;
    hello.max_payload = LEV_RX_PAYLOAD;
    hello.model = DEVICE_MODEL;
    hello.boot_id = store_boot_id();
    memcpy(hello.uid, store_uid(), sizeof hello.uid);
    memcpy(hello.firmware, version, sizeof hello.firmware);
    hello.stream_count = STREAM_COUNT;
    hello.capabilities =
        LEV_CAP_TIME_SYNC | LEV_CAP_ZERO | LEV_CAP_STORED_CALIBRATION | LEV_CAP_SELF_TEST;
    hello.name = DEVICE_NAME;
    hello.name_len = sizeof DEVICE_NAME - 1;
    send(wire, lev_encode_hello(&encoder, &hello, wire));
}

void say_stream(uint8_t stream)
{
    lev_stream_desc description;
    memset(&description, 0, sizeof description);
    description.stream = stream;
    description.epoch = streams[stream].calib.epoch;
    description.channels = 1;
    if (stream == PRESSURE) {
        description.kind = LEV_KIND_PRESSURE;
        description.format = LEV_FORMAT_I24;
        description.unit = LEV_UNIT_PASCAL;
        description.flags = LEV_STREAM_GAUGE | LEV_STREAM_LOW_PASSED;
        description.rate_mhz = PRESSURE_RATE_MHZ;
        description.max_scans = PRESSURE_MAX_SCANS;
        description.filter_delay_us = PRESSURE_DELAY_US;
        description.adc_min = -8388608L;
        description.adc_max = 8388607L;
        description.label = PRESSURE_LABEL;
        description.label_len = sizeof PRESSURE_LABEL - 1;
    } else {
        description.kind = LEV_KIND_EMG_RAW;
        description.format = LEV_FORMAT_I16;
        description.unit = LEV_UNIT_MICROVOLT;
        description.rate_mhz = EMG_RATE_MHZ;
        description.max_scans = EMG_MAX_SCANS;
        description.adc_max = 1023;
        description.label = EMG_LABEL;
        description.label_len = sizeof EMG_LABEL - 1;
    }
    send(wire, lev_encode_stream_desc(&encoder, &description, wire));
    send(wire, lev_encode_calib(&encoder, &streams[stream].calib, wire));
}

void say_status(uint16_t rx_crc_errors)
{
    lev_status status;
    status.uptime_us = clock_us();
    status.boot_id = store_boot_id();
    status.state = device_state;
    status.battery_percent = LEV_BATTERY_UNKNOWN;
    status.battery_mv = 0;
    status.temperature_centi_c = LEV_TEMPERATURE_UNKNOWN;
    status.rx_crc_errors = rx_crc_errors;
    status.rx_overruns = link_overruns();
    status.tx_dropped = dropped;
    status.faults = faults;
    send(wire, lev_encode_status(&encoder, &status, wire));
}

void say_log(uint8_t level, const char *text)
{
    send(wire, lev_encode_log(&encoder, level, text, (uint8_t)strlen(text), wire));
}

void say_ack_for(uint8_t kind, uint16_t sequence, uint8_t result)
{
    send(wire, lev_encode_ack(&encoder, kind, sequence, result, NULL, 0, wire));
}

void say_ack(const lev_command *command, uint8_t result)
{
    if (command->flags & LEV_ACK_WANTED) {
        say_ack_for(command->kind, command->sequence, result);
    }
}

void say_time(uint64_t t1, uint64_t t2_us)
{
    send(wire, lev_encode_time_rep(&encoder, t1, t2_us, clock_us(), wire));
}

void send_samples(uint8_t stream)
{
    stream_state *state = &streams[stream];
    uint8_t *at = stream_wire[stream];
    uint8_t data_len = (uint8_t)(state->scan_count * width[stream]);
    if (state->scan_count == 0) {
        return;
    }
    /* SPEC 4.1: a frame that has no room is dropped before it is numbered, and the next one says so. */
    if (link_room() < data_len + LEV_SAMPLES_OVERHEAD + 1 + RESERVE) {
        dropped++;
        state->status = LEV_STATUS_OVERRUN;
    } else {
        lev_samples samples;
        samples.stream = stream;
        samples.epoch = state->calib.epoch;
        samples.status = state->status;
        samples.index = state->index;
        samples.time_us = state->first_us;
        samples.scan_count = state->scan_count;
        samples.fault_channels = 0;
        send(at, lev_encode_samples(&encoder, &samples, lev_samples_data(at), data_len, at));
        state->status = 0;
    }
    state->index += state->scan_count;
    state->scan_count = 0;
}

void collect(uint8_t stream, int32_t code, uint32_t time_us, uint16_t status)
{
    stream_state *state = &streams[stream];
    uint8_t *data = lev_samples_data(stream_wire[stream]);
    if (state->scan_count == 0) {
        state->first_us = time_us;
    }
    state->status |= status;
    if (stream == PRESSURE) {
        lev_put_i24(data + 3 * state->scan_count, code);
    } else {
        lev_put_i16(data + 2 * state->scan_count, (int16_t)code);
    }
    if (++state->scan_count == state->batch) {
        send_samples(stream);
    }
}

void skip(uint8_t stream, uint32_t scan_count)
{
    streams[stream].index += scan_count;
    streams[stream].status |= LEV_STATUS_OVERRUN;
}

void begin_epoch(uint8_t stream)
{
    send_samples(stream);
    streams[stream].calib.epoch++;
    say_stream(stream);
}
