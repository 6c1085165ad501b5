#include "store.h"

#include <avr/eeprom.h>
#include <string.h>

#include "config.h"
#include "sensors.h"

typedef struct {
    uint8_t source;
    float scale;
    float offset;
    uint32_t calibrated_at_s;
    float reference_span;
    uint32_t checksum; /* of all before it: a write that was cut short is no calibration */
} saved;

/* An empty cell reads FF. */
#define MARK 0x4C56
static uint16_t EEMEM mark_cell;
static uint8_t EEMEM uid_cell[8];
static uint32_t EEMEM boot_cell;
static saved EEMEM calib_cell[STREAM_COUNT];

static uint8_t uid[8];
static uint32_t boot_id;

static uint32_t checksum_of(const saved *record)
{
    return lev_crc32c((const uint8_t *)record, sizeof *record - sizeof record->checksum);
}

void store_init(void)
{
    if (eeprom_read_word(&mark_cell) != MARK) {
        noise(uid);
        eeprom_update_block(uid, uid_cell, sizeof uid);
        eeprom_update_dword(&boot_cell, 0);
        /* Last: it says that the rest is there. */
        eeprom_update_word(&mark_cell, MARK);
    }
    eeprom_read_block(uid, uid_cell, sizeof uid);
    boot_id = eeprom_read_dword(&boot_cell) + 1;
    eeprom_update_dword(&boot_cell, boot_id);
}

const uint8_t *store_uid(void)
{
    return uid;
}

uint32_t store_boot_id(void)
{
    return boot_id;
}

uint8_t store_load(uint8_t stream, lev_calib *calib)
{
    saved record;
    eeprom_read_block(&record, &calib_cell[stream], sizeof record);
    if (record.checksum != checksum_of(&record)) {
        return 0;
    }
    calib->source = record.source;
    calib->scale = record.scale;
    calib->offset = record.offset;
    calib->calibrated_at_s = record.calibrated_at_s;
    calib->reference_span = record.reference_span;
    return 1;
}

uint8_t store_save(uint8_t stream, const lev_calib *calib)
{
    saved record, written;
    memset(&record, 0, sizeof record);
    record.source = calib->source;
    record.scale = calib->scale;
    record.offset = calib->offset;
    record.calibrated_at_s = calib->calibrated_at_s;
    record.reference_span = calib->reference_span;
    record.checksum = checksum_of(&record);
    eeprom_update_block(&record, &calib_cell[stream], sizeof record);
    eeprom_read_block(&written, &calib_cell[stream], sizeof written);
    return memcmp(&record, &written, sizeof record) == 0;
}
