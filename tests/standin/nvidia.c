/* Stand-ins for libnvidia-ml.so.1 and libcuda.so.1 that answer as real machines do.
 *
 * -DNVML or -DCUDA chooses the library; -DOLD a V100 on driver 470.256.02, whose NVML lacks newer
 * functions, -DMISMATCH an H100 whose library does not fit the loaded kernel module, -DMIG an H100
 * with one instance, -DCRASH one that aborts while it starts, -DDIES one that aborts later on,
 * -DLOST a second GPU that fell off the bus, -DNONE no GPU at all; else an H100 on 580.159.04.
 */

#include <stdlib.h>
#include <string.h>

#ifdef OLD
#define PRODUCT "Tesla V100-SXM2-32GB"
#define DRIVER "470.256.02"
#define RELEASE 11040
#define MEMORY_MIB 32510ULL
#define MAJOR 7
#define MINOR 0
#define SMS 80
#define VBIOS "88.00.43.00.03"
#else
#define PRODUCT "NVIDIA H100 80GB HBM3"
#define DRIVER "580.159.04"
#define RELEASE 13000
#define MEMORY_MIB 81559ULL
#define MAJOR 9
#define MINOR 0
#define SMS 132
#define VBIOS "96.00.A5.00.01"
#endif
#define BUS "00000000:1B:00.0"
#define LEGACY_BUS "0000:1B:00.0"

#ifdef NVML

enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7,
       LOST_GPU = 15, MISMATCHED = 18, VERSION_UNKNOWN = 25 };

typedef struct { char kind; } Device;
static Device whole = {'w'};

static int copy(char *into, unsigned length, const char *text) {
    if (strlen(text) >= length) return TOO_SMALL;
    strcpy(into, text);
    return SUCCESS;
}

int nvmlInit_v2(void) {
#ifdef CRASH
    abort();
#endif
#ifdef MISMATCH
    return MISMATCHED;
#else
    return SUCCESS;
#endif
}
int nvmlShutdown(void) { return SUCCESS; }
int nvmlSystemGetDriverVersion(char *text, unsigned n) { return copy(text, n, DRIVER); }
#ifdef OLD
int nvmlSystemGetNVMLVersion(char *text, unsigned n) { return copy(text, n, "11." DRIVER); }
#else
int nvmlSystemGetNVMLVersion(char *text, unsigned n) { return copy(text, n, "13." DRIVER); }
#endif
int nvmlSystemGetCudaDriverVersion(int *value) { *value = RELEASE; return SUCCESS; }

#if defined(LOST)
#define GPUS 2
#elif defined(NONE)
#define GPUS 0
#else
#define GPUS 1
#endif
int nvmlDeviceGetCount_v2(unsigned *count) { *count = GPUS; return SUCCESS; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, Device **device) {
    if (index >= GPUS) return INVALID_ARGUMENT;
    if (index == 1) return LOST_GPU;
#ifdef DIES
    abort();
#endif
    *device = &whole;
    return SUCCESS;
}
int nvmlDeviceGetVbiosVersion(Device *d, char *text, unsigned n) { (void)d; return copy(text, n, VBIOS); }
int nvmlDeviceGetCudaComputeCapability(Device *d, int *major, int *minor) {
    (void)d;
    *major = MAJOR;
    *minor = MINOR;
    return SUCCESS;
}
int nvmlDeviceGetMemoryInfo(Device *d, unsigned long long *memory) {
    (void)d;
    memory[0] = MEMORY_MIB << 20;
    memory[1] = memory[0] - (3ULL << 20);
    memory[2] = 3ULL << 20;
    return SUCCESS;
}
int nvmlDeviceGetEccMode(Device *d, unsigned *current, unsigned *pending) {
    (void)d;
    *current = *pending = 1;
    return SUCCESS;
}
int nvmlDeviceGetPciInfo_v3(Device *d, char *info) {
    (void)d;
    strcpy(info, LEGACY_BUS);
    strcpy(info + 36, BUS);
    return SUCCESS;
}

#ifdef OLD
int nvmlDeviceGetMigMode(Device *d, unsigned *current, unsigned *pending) {
    (void)d, (void)current, (void)pending;
    return NOT_SUPPORTED;
}
int nvmlDeviceGetName(Device *d, char *text, unsigned n) { (void)d; return copy(text, n, PRODUCT); }
#else

int nvmlSystemGetCudaDriverVersion_v2(int *value) { *value = RELEASE; return SUCCESS; }

typedef struct { unsigned version; char branch[80]; } Branch;
int nvmlSystemGetDriverBranch(Branch *info, unsigned n) {
    if (info->version != (sizeof(Branch) | 1u << 24)) return VERSION_UNKNOWN;
    return copy(info->branch, n, "r580_00");
}
int nvmlDeviceGetGspFirmwareVersion(Device *d, char *text) { (void)d; strcpy(text, DRIVER); return SUCCESS; }

static Device instance = {'i'};

int nvmlDeviceGetName(Device *d, char *text, unsigned n) {
    return copy(text, n, d == &instance ? PRODUCT " MIG 1g.10gb" : PRODUCT);
}
int nvmlDeviceIsMigDeviceHandle(Device *d, unsigned *is) { *is = d == &instance; return SUCCESS; }
int nvmlDeviceGetMigMode(Device *d, unsigned *current, unsigned *pending) {
    (void)d;
#ifdef MIG
    *current = *pending = 1;
#else
    *current = *pending = 0;
#endif
    return SUCCESS;
}
int nvmlDeviceGetMaxMigDeviceCount(Device *d, unsigned *count) { (void)d; *count = 7; return SUCCESS; }
int nvmlDeviceGetMigDeviceHandleByIndex(Device *d, unsigned index, Device **found) {
    (void)d;
    if (index) return NOT_FOUND;
    *found = &instance;
    return SUCCESS;
}

typedef struct { unsigned sms, shared[5], slices[2]; unsigned long long memory; } Attributes;
int nvmlDeviceGetAttributes_v2(Device *d, Attributes *told) {
    (void)d;
    memset(told, 0, sizeof *told);
    told->sms = 16;
    told->memory = 9856;
    return SUCCESS;
}
#endif
#endif

#ifdef CUDA

enum { SUCCESS = 0, INVALID_VALUE = 1, NO_DEVICE = 100, DRIVER_MISMATCH = 803 };

int cuDriverGetVersion(int *value) { *value = RELEASE; return SUCCESS; }
int cuInit(unsigned flags) {
    (void)flags;
    const char *visible = getenv("CUDA_VISIBLE_DEVICES");
    if (visible && !*visible) return NO_DEVICE;
#ifdef MISMATCH
    return DRIVER_MISMATCH;
#else
    return SUCCESS;
#endif
}
int cuDeviceGetCount(int *count) { *count = 1; return SUCCESS; }
int cuDeviceGet(int *device, int index) { *device = index; return SUCCESS; }
int cuDeviceGetPCIBusId(char *text, int length, int device) {
    (void)device;
    strncpy(text, LEGACY_BUS, length);
    return SUCCESS;
}
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    (void)device;
    switch (attribute) {
#ifdef MIG
    case 16: *value = 16; break;
#else
    case 16: *value = SMS; break;
#endif
    case 39: *value = 2048; break;
    case 75: *value = MAJOR; break;
    case 76: *value = MINOR; break;
    default: return INVALID_VALUE;
    }
    return SUCCESS;
}
#endif
