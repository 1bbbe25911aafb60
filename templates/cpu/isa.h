/// The instruction set that kernels are compiled for. Each has its own inline namespace, so that
/// one program may hold the same kernel for several of them. What a name leaves open (VBMI, and
/// VNNI beside bf16) is the same in all of a program.
#pragma once

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) &&                      \
    defined(__AVX512DQ__) && defined(__F16C__)
#define ASHLAR_VECTOR_BYTES 64
#if defined(__AVX512BF16__) && defined(__AMX_TILE__) && defined(__AMX_BF16__)
#define ASHLAR_ISA avx512amx
#elif defined(__AVX512BF16__)
#define ASHLAR_ISA avx512bf16
#elif defined(__AVX512VNNI__)
#define ASHLAR_ISA avx512vnni
#else
#define ASHLAR_ISA avx512
#endif
#elif defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#define ASHLAR_VECTOR_BYTES 32
#define ASHLAR_ISA avx2
#else
#define ASHLAR_VECTOR_BYTES 16
#define ASHLAR_ISA scalar
#endif

#define ASHLAR_INLINE __attribute__((always_inline))
