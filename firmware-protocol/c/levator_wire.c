/* See levator_wire.h. The clauses are those of SPEC.md. */
#include "levator_wire.h"

#include <string.h>

#ifdef __AVR__
/* Constants would be copied to memory, of which there is little. */
#include <avr/pgmspace.h>
#define IN_FLASH PROGMEM
#define FLASH_U32(at) pgm_read_dword(at)
#else
#define IN_FLASH
#define FLASH_U32(at) (*(at))
#endif

#define HOST_TO_DEVICE 0x04
#define MAX_STREAM (LEV_MAX_STREAMS - 1)

/* --- numbers, little endian whatever the machine is --- */

static void put_u16(uint8_t *to, uint16_t value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
}

static void put_u32(uint8_t *to, uint32_t value)
{
    put_u16(to, (uint16_t)value);
    put_u16(to + 2, (uint16_t)(value >> 16));
}

static void put_u64(uint8_t *to, uint64_t value)
{
    put_u32(to, (uint32_t)value);
    put_u32(to + 4, (uint32_t)(value >> 32));
}

static uint16_t get_u16(const uint8_t *from)
{
    return (uint16_t)(from[0] | (uint16_t)(from[1] << 8));
}

static uint32_t get_u32(const uint8_t *from)
{
    return get_u16(from) | (uint32_t)get_u16(from + 2) << 16;
}

static uint64_t get_u64(const uint8_t *from)
{
    return get_u32(from) | (uint64_t)get_u32(from + 4) << 32;
}

/* `float` has to be IEEE 754 with 32 bits, as it is on every microcontroller in use. */
typedef char float_has_32_bits[sizeof(float) == sizeof(uint32_t) ? 1 : -1];

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static int is_finite(float value)
{
    return (bits_of(value) >> 23 & 0xFF) != 0xFF;
}

static int is_normal(float value)
{
    return is_finite(value) && (bits_of(value) >> 23 & 0xFF) != 0;
}

/* Zero with a sign is no negative number. */
static int is_negative(float value)
{
    return bits_of(value) > 0x80000000u;
}

void lev_put_i16(uint8_t *to, int16_t code)
{
    put_u16(to, (uint16_t)code);
}

void lev_put_i24(uint8_t *to, int32_t code)
{
    put_u16(to, (uint16_t)code);
    to[2] = (uint8_t)((uint32_t)code >> 16);
}

void lev_put_i32(uint8_t *to, int32_t code)
{
    put_u32(to, (uint32_t)code);
}

/* --- checksum and stuffing (SPEC 2.3, 2.4) --- */

static const uint32_t NIBBLES[16] IN_FLASH = {
    0x00000000u, 0x105EC76Fu, 0x20BD8EDEu, 0x30E349B1u, 0x417B1DBCu, 0x5125DAD3u,
    0x61C69362u, 0x7198540Du, 0x82F63B78u, 0x92A8FC17u, 0xA24BB5A6u, 0xB21572C9u,
    0xC38D26C4u, 0xD3D3E1ABu, 0xE330A81Au, 0xF36E6F75u,
};

uint32_t lev_crc32c(const uint8_t *bytes, size_t len)
{
    uint32_t remainder = 0xFFFFFFFFu;
    while (len-- > 0) {
        remainder ^= *bytes++;
        remainder = remainder >> 4 ^ FLASH_U32(&NIBBLES[remainder & 15]);
        remainder = remainder >> 4 ^ FLASH_U32(&NIBBLES[remainder & 15]);
    }
    return ~remainder;
}

/* From the back: each zero, and the byte before the frame, becomes the distance to the next. */
static void stuff(uint8_t *wire, uint8_t frame_len)
{
    uint8_t distance = 1;
    uint8_t *at = wire + frame_len;
    for (; at != wire; at--) {
        if (*at == 0) {
            *at = distance;
            distance = 1;
        } else {
            distance++;
        }
    }
    *wire = distance;
}

/* Whether the chain of distances ends at the end; then the zeros are back in their places. */
static int unstuff(uint8_t *run, uint8_t run_len)
{
    uint16_t at = 0;
    while (at < run_len) {
        uint8_t distance = run[at];
        if (distance == 0) {
            return 0;
        }
        run[at] = 0;
        at = (uint16_t)(at + distance);
    }
    return at == run_len;
}

/* --- encoder --- */

/* The payload stands in its place. */
static uint8_t seal(lev_encoder *encoder, uint8_t flags, uint8_t kind, uint8_t payload_len,
                    uint8_t *wire)
{
    uint8_t *frame = wire + 1;
    uint8_t summed_len = (uint8_t)(LEV_HEADER_LEN + payload_len);
    frame[0] = (uint8_t)(LEV_MAJOR << 4 | (flags & (LEV_ACK_WANTED | LEV_RETRANSMISSION)));
    frame[1] = kind;
    put_u16(frame + 2, encoder->sequence++);
    put_u32(frame + summed_len, lev_crc32c(frame, summed_len));
    stuff(wire, (uint8_t)(summed_len + LEV_CHECKSUM_LEN));
    frame[summed_len + LEV_CHECKSUM_LEN] = LEV_DELIMITER;
    return (uint8_t)(payload_len + LEV_OVERHEAD);
}

/* Text or data behind the fixed fields. */
static void append(uint8_t *to, const void *from, uint8_t len)
{
    if (len > 0 && (const void *)to != from) {
        memmove(to, from, len);
    }
}

uint8_t lev_encode(lev_encoder *encoder, uint8_t flags, uint8_t kind, const uint8_t *payload,
                   uint8_t payload_len, uint8_t *wire)
{
    if (payload_len > LEV_MAX_PAYLOAD) {
        return 0;
    }
    append(wire + LEV_PAYLOAD_AT, payload, payload_len);
    return seal(encoder, flags, kind, payload_len, wire);
}

uint8_t lev_encode_hello(lev_encoder *encoder, const lev_hello *hello, uint8_t *wire)
{
    uint8_t *payload = wire + LEV_PAYLOAD_AT;
    if (hello->stream_count > LEV_MAX_STREAMS || hello->name_len > LEV_MAX_NAME_LEN) {
        return 0;
    }
    memcpy(payload, LEV_MAGIC, 4);
    payload[4] = hello->minor;
    payload[5] = hello->max_payload;
    put_u16(payload + 6, hello->model);
    put_u32(payload + 8, hello->boot_id);
    memcpy(payload + 12, hello->uid, 8);
    memcpy(payload + 20, hello->firmware, 3);
    payload[23] = hello->stream_count;
    put_u32(payload + 24, hello->capabilities & 0x1FF);
    payload[28] = hello->name_len;
    append(payload + LEV_HELLO_LEAST, hello->name, hello->name_len);
    return seal(encoder, 0, LEV_HELLO, (uint8_t)(LEV_HELLO_LEAST + hello->name_len), wire);
}

/* A format of a later version may be as narrow as one byte (SPEC 3.3). */
static uint8_t width_of(uint8_t format)
{
    switch (format) {
    case LEV_FORMAT_I16:
    case LEV_FORMAT_U16:
        return 2;
    case LEV_FORMAT_I24:
        return 3;
    case LEV_FORMAT_I32:
    case LEV_FORMAT_F32:
        return 4;
    default:
        return 1;
    }
}

uint8_t lev_encode_stream_desc(lev_encoder *encoder, const lev_stream_desc *description,
                               uint8_t *wire)
{
    uint8_t *payload = wire + LEV_PAYLOAD_AT;
    if (description->stream > MAX_STREAM || description->channels == 0 ||
        description->channels > LEV_MAX_CHANNELS || description->rate_mhz == 0 ||
        description->max_scans == 0 ||
        description->max_scans > LEV_MAX_SAMPLE_BYTES / (description->channels *
                                                         width_of(description->format)) ||
        description->adc_min > description->adc_max ||
        description->label_len > LEV_MAX_PAYLOAD - LEV_STREAM_DESC_LEAST) {
        return 0;
    }
    payload[0] = description->stream;
    payload[1] = description->epoch;
    payload[2] = description->kind;
    payload[3] = description->format;
    payload[4] = description->channels;
    payload[5] = description->unit;
    put_u16(payload + 6, description->flags & 0x7);
    put_u32(payload + 8, description->rate_mhz);
    put_u16(payload + 12, description->max_scans);
    put_u16(payload + 14, 0);
    put_u32(payload + 16, description->filter_delay_us);
    put_u32(payload + 20, (uint32_t)description->adc_min);
    put_u32(payload + 24, (uint32_t)description->adc_max);
    payload[28] = description->label_len;
    append(payload + LEV_STREAM_DESC_LEAST, description->label, description->label_len);
    return seal(encoder, 0, LEV_STREAM_DESC,
                (uint8_t)(LEV_STREAM_DESC_LEAST + description->label_len), wire);
}

/* Offset of the first field out of its range, or 255. */
static uint8_t fault_of_calib(const lev_calib *calib)
{
    if (calib->stream > MAX_STREAM) {
        return 0;
    }
    if (calib->channel >= LEV_MAX_CHANNELS) {
        return 1;
    }
    if (!is_normal(calib->scale)) {
        return 4;
    }
    if (!is_finite(calib->offset)) {
        return 8;
    }
    if (!is_finite(calib->reference_span) || is_negative(calib->reference_span)) {
        return 16;
    }
    return 255;
}

uint8_t lev_encode_calib(lev_encoder *encoder, const lev_calib *calib, uint8_t *wire)
{
    uint8_t *payload = wire + LEV_PAYLOAD_AT;
    if (fault_of_calib(calib) != 255) {
        return 0;
    }
    payload[0] = calib->stream;
    payload[1] = calib->channel;
    payload[2] = calib->epoch;
    payload[3] = calib->source;
    put_u32(payload + 4, bits_of(calib->scale));
    put_u32(payload + 8, bits_of(calib->offset));
    put_u32(payload + 12, calib->calibrated_at_s);
    put_u32(payload + 16, bits_of(calib->reference_span));
    return seal(encoder, 0, LEV_CALIB, LEV_CALIB_LEAST, wire);
}

uint8_t *lev_samples_data(uint8_t *wire)
{
    return wire + LEV_PAYLOAD_AT + LEV_SAMPLES_LEAST;
}

uint8_t lev_encode_samples(lev_encoder *encoder, const lev_samples *samples, const uint8_t *data,
                           uint8_t data_len, uint8_t *wire)
{
    uint8_t *payload = wire + LEV_PAYLOAD_AT;
    if (samples->stream > MAX_STREAM || samples->scan_count == 0 ||
        data_len < samples->scan_count || data_len % samples->scan_count != 0 ||
        data_len > LEV_MAX_SAMPLE_BYTES) {
        return 0;
    }
    /* First, as the fields could stand where the data are. */
    append(lev_samples_data(wire), data, data_len);
    payload[0] = samples->stream;
    payload[1] = samples->epoch;
    put_u16(payload + 2, samples->status & 0x3FF);
    put_u32(payload + 4, samples->index);
    put_u32(payload + 8, samples->time_us);
    payload[12] = samples->scan_count;
    payload[13] = samples->fault_channels;
    return seal(encoder, 0, LEV_SAMPLES, (uint8_t)(LEV_SAMPLES_LEAST + data_len), wire);
}

uint8_t lev_encode_event(lev_encoder *encoder, const lev_event *event, uint8_t *wire)
{
    uint8_t *payload = wire + LEV_PAYLOAD_AT;
    if (event->stream > MAX_STREAM && event->stream != LEV_ALL) {
        return 0;
    }
    put_u32(payload, event->index);
    put_u32(payload + 4, event->time_us);
    payload[8] = event->code;
    payload[9] = event->stream;
    put_u16(payload + 10, (uint16_t)event->value);
    return seal(encoder, 0, LEV_EVENT, LEV_EVENT_LEAST, wire);
}

uint8_t lev_encode_status(lev_encoder *encoder, const lev_status *status, uint8_t *wire)
{
    uint8_t *payload = wire + LEV_PAYLOAD_AT;
    if (status->battery_percent > 100 && status->battery_percent != LEV_BATTERY_UNKNOWN) {
        return 0;
    }
    put_u64(payload, status->uptime_us);
    put_u32(payload + 8, status->boot_id);
    payload[12] = status->state;
    payload[13] = status->battery_percent;
    put_u16(payload + 14, status->battery_mv);
    put_u16(payload + 16, (uint16_t)status->temperature_centi_c);
    put_u16(payload + 18, status->rx_crc_errors);
    put_u16(payload + 20, status->rx_overruns);
    put_u16(payload + 22, status->tx_dropped);
    put_u32(payload + 24, status->faults);
    return seal(encoder, 0, LEV_STATUS, LEV_STATUS_LEAST, wire);
}

uint8_t lev_encode_log(lev_encoder *encoder, uint8_t level, const char *text, uint8_t text_len,
                       uint8_t *wire)
{
    uint8_t *payload = wire + LEV_PAYLOAD_AT;
    if (text_len > LEV_MAX_PAYLOAD - LEV_LOG_LEAST) {
        return 0;
    }
    append(payload + LEV_LOG_LEAST, text, text_len);
    payload[0] = level;
    return seal(encoder, 0, LEV_LOG, (uint8_t)(LEV_LOG_LEAST + text_len), wire);
}

uint8_t lev_encode_time_rep(lev_encoder *encoder, uint64_t t1, uint64_t t2_us, uint64_t t3_us,
                            uint8_t *wire)
{
    uint8_t *payload = wire + LEV_PAYLOAD_AT;
    if (t3_us < t2_us) {
        return 0;
    }
    put_u64(payload, t1);
    put_u64(payload + 8, t2_us);
    put_u64(payload + 16, t3_us);
    return seal(encoder, 0, LEV_TIME_REP, LEV_TIME_REP_LEAST, wire);
}

uint8_t lev_encode_ack(lev_encoder *encoder, uint8_t kind, uint16_t sequence, uint8_t result,
                       const uint8_t *data, uint8_t data_len, uint8_t *wire)
{
    uint8_t *payload = wire + LEV_PAYLOAD_AT;
    if (data_len > LEV_MAX_PAYLOAD - LEV_ACK_LEAST) {
        return 0;
    }
    append(payload + LEV_ACK_LEAST, data, data_len);
    payload[0] = kind;
    put_u16(payload + 1, sequence);
    payload[3] = result;
    return seal(encoder, 0, LEV_ACK, (uint8_t)(LEV_ACK_LEAST + data_len), wire);
}

/* --- decoder --- */

/* Least payload of a command, or 255 for a type this version does not know. */
static uint8_t least_of(uint8_t kind)
{
    switch (kind) {
    case LEV_IDENTIFY: return LEV_IDENTIFY_LEAST;
    case LEV_GET_DESC: return LEV_GET_DESC_LEAST;
    case LEV_START: return LEV_START_LEAST;
    case LEV_STOP: return LEV_STOP_LEAST;
    case LEV_SET_RATE: return LEV_SET_RATE_LEAST;
    case LEV_ZERO: return LEV_ZERO_LEAST;
    case LEV_SET_CAL: return LEV_SET_CAL_LEAST;
    case LEV_TIME_REQ: return LEV_TIME_REQ_LEAST;
    case LEV_KEEPALIVE: return LEV_KEEPALIVE_LEAST;
    case LEV_SELF_TEST: return LEV_SELF_TEST_LEAST;
    case LEV_RESET: return LEV_RESET_LEAST;
    default: return 255;
    }
}

static int is_stream_or_all(uint8_t stream)
{
    return stream <= MAX_STREAM || stream == LEV_ALL;
}

static uint8_t read_set_cal(lev_command *command)
{
    const uint8_t *payload = command->payload;
    lev_calib *calib = &command->as.set_cal.calib;
    uint8_t fault;
    calib->stream = payload[0];
    calib->channel = payload[1];
    calib->epoch = payload[2];
    calib->source = payload[3];
    calib->scale = float_of(get_u32(payload + 4));
    calib->offset = float_of(get_u32(payload + 8));
    calib->calibrated_at_s = get_u32(payload + 12);
    calib->reference_span = float_of(get_u32(payload + 16));
    command->as.set_cal.persist = payload[20];
    fault = fault_of_calib(calib);
    return fault == 255 && payload[20] > 1 ? 20 : fault;
}

/* Fills in the fields; returns the offset of the first out of its range, or 255. */
static uint8_t read_fields(lev_command *command)
{
    const uint8_t *payload = command->payload;
    switch (command->kind) {
    case LEV_IDENTIFY:
        command->as.identify.minor = payload[4];
        command->as.identify.max_payload = payload[5];
        return memcmp(payload, LEV_MAGIC, 4) == 0 ? 255 : 0;
    case LEV_GET_DESC:
        command->as.get_desc.stream = payload[0];
        return is_stream_or_all(payload[0]) ? 255 : 0;
    case LEV_START:
        command->as.start.streams = payload[0];
        command->as.start.batch_ms = payload[1];
        command->as.start.keep_alive_ms = get_u32(payload + 2);
        return 255;
    case LEV_SET_RATE:
        command->as.set_rate.stream = payload[0];
        command->as.set_rate.rate_mhz = get_u32(payload + 1);
        if (payload[0] > MAX_STREAM) {
            return 0;
        }
        return command->as.set_rate.rate_mhz == 0 ? 1 : 255;
    case LEV_ZERO:
        command->as.zero.stream = payload[0];
        command->as.zero.channel = payload[1];
        command->as.zero.duration_ms = get_u16(payload + 2);
        if (payload[0] > MAX_STREAM) {
            return 0;
        }
        return payload[1] < LEV_MAX_CHANNELS || payload[1] == LEV_ALL ? 255 : 1;
    case LEV_SET_CAL:
        return read_set_cal(command);
    case LEV_TIME_REQ:
        command->as.time_req.t1 = get_u64(payload);
        return 255;
    case LEV_SELF_TEST:
        command->as.self_test.stream = payload[0];
        command->as.self_test.on = payload[1];
        if (payload[1] > 1) {
            return 1;
        }
        return is_stream_or_all(payload[0]) ? 255 : 0;
    case LEV_RESET:
        return memcmp(payload, LEV_MAGIC, 4) == 0 ? 255 : 0;
    default:
        return 255;
    }
}

/* Checks 3 to 9 of SPEC 2.5. */
static lev_outcome check(const uint8_t *frame, uint8_t frame_len, lev_command *command)
{
    uint8_t summed_len, least;
    if (frame_len < LEV_MIN_DECODED) {
        command->detail = frame_len;
        return LEV_REFUSED_SHORT;
    }
    summed_len = (uint8_t)(frame_len - LEV_CHECKSUM_LEN);
    if (lev_crc32c(frame, summed_len) != get_u32(frame + summed_len)) {
        return LEV_REFUSED_CHECKSUM;
    }
    command->kind = frame[1];
    command->flags = frame[0] & (LEV_ACK_WANTED | LEV_RETRANSMISSION);
    command->sequence = get_u16(frame + 2);
    command->payload = frame + LEV_HEADER_LEN;
    command->payload_len = (uint8_t)(summed_len - LEV_HEADER_LEN);
    command->detail = frame[0] >> 4;
    if (command->detail != LEV_MAJOR) {
        return LEV_REFUSED_MAJOR;
    }
    if ((frame[0] & HOST_TO_DEVICE) == 0) {
        return LEV_REFUSED_LOOP_BACK;
    }
    least = least_of(command->kind);
    command->known = least != 255;
    if (!command->known) {
        return LEV_TAKEN;
    }
    command->detail = least;
    if (command->payload_len < least) {
        return LEV_REFUSED_LENGTH;
    }
    command->detail = read_fields(command);
    return command->detail == 255 ? LEV_TAKEN : LEV_REFUSED_FIELD;
}

lev_outcome lev_decode(lev_decoder *decoder, uint8_t byte, lev_command *command)
{
    lev_outcome outcome;
    uint8_t run_len = decoder->held_len;
    if (byte != LEV_DELIMITER) {
        if (run_len == LEV_RX_RUN) {
            decoder->overlong = 1;
        } else {
            decoder->run[run_len] = byte;
            decoder->held_len = (uint8_t)(run_len + 1);
        }
        return LEV_NOTHING;
    }
    if (run_len == 0) {
        return LEV_NOTHING;
    }
    memset(command, 0, sizeof *command);
    if (decoder->overlong) {
        outcome = LEV_REFUSED_OVERLONG;
    } else if (!unstuff(decoder->run, run_len)) {
        outcome = LEV_REFUSED_STRUCTURE;
    } else {
        outcome = check(decoder->run + 1, (uint8_t)(run_len - 1), command);
    }
    decoder->held_len = 0;
    decoder->overlong = 0;
    decoder->counts[outcome]++;
    return outcome;
}
