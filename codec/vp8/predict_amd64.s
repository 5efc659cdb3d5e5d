#include "textflag.h"

// Shuffles that pair sample i with the one the filter's other tap of the pair
// applies to: taps 0 and 5, 2 and 4, 1 and 3.
DATA pair05<>+0(SB)/8, $0x0803070206010500
DATA pair05<>+8(SB)/8, $0x0c070b060a050904
DATA pair05<>+16(SB)/8, $0x0803070206010500
DATA pair05<>+24(SB)/8, $0x0c070b060a050904
GLOBL pair05<>(SB), RODATA|NOPTR, $32

DATA pair24<>+0(SB)/8, $0x0705060405030402
DATA pair24<>+8(SB)/8, $0x0b090a0809070806
DATA pair24<>+16(SB)/8, $0x0705060405030402
DATA pair24<>+24(SB)/8, $0x0b090a0809070806
GLOBL pair24<>(SB), RODATA|NOPTR, $32

DATA pair13<>+0(SB)/8, $0x0604050304020301
DATA pair13<>+8(SB)/8, $0x0a08090708060705
DATA pair13<>+16(SB)/8, $0x0604050304020301
DATA pair13<>+24(SB)/8, $0x0a08090708060705
GLOBL pair13<>(SB), RODATA|NOPTR, $32

DATA round64<>+0(SB)/8, $0x0040004000400040
DATA round64<>+8(SB)/8, $0x0040004000400040
DATA round64<>+16(SB)/8, $0x0040004000400040
DATA round64<>+24(SB)/8, $0x0040004000400040
GLOBL round64<>(SB), RODATA|NOPTR, $32

// The pairs are summed so that saturation cannot go wrong: taps 0 and 5 are
// never negative and come last.

// func sixtapH16AVX2(dst *byte, dstStride int, src *byte, srcStride int, h int, taps *[6]int8)
TEXT ·sixtapH16AVX2(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ dstStride+8(FP), R8
	MOVQ src+16(FP), SI
	MOVQ srcStride+24(FP), R9
	MOVQ h+32(FP), CX
	MOVQ taps+40(FP), DX
	VPBROADCASTW 0(DX), Y4
	VPBROADCASTW 2(DX), Y5
	VPBROADCASTW 4(DX), Y6
	VMOVDQU pair05<>(SB), Y7
	VMOVDQU pair24<>(SB), Y8
	VMOVDQU pair13<>(SB), Y9
	VMOVDQU round64<>(SB), Y10

h16:
	VMOVDQU (SI), X0
	VINSERTI128 $1, 8(SI), Y0, Y0
	VPSHUFB Y8, Y0, Y1
	VPMADDUBSW Y5, Y1, Y1
	VPSHUFB Y9, Y0, Y2
	VPMADDUBSW Y6, Y2, Y2
	VPSHUFB Y7, Y0, Y0
	VPMADDUBSW Y4, Y0, Y0
	VPADDSW Y2, Y1, Y1
	VPADDSW Y0, Y1, Y1
	VPADDSW Y10, Y1, Y1
	VPSRAW $7, Y1, Y1
	VPACKUSWB Y1, Y1, Y1
	VPERMQ $8, Y1, Y1
	VMOVDQU X1, (DI)
	ADDQ R9, SI
	ADDQ R8, DI
	DECQ CX
	JNE h16
	VZEROUPPER
	RET

#define H8ROW \
	VMOVDQU (SI), X0 \
	VPSHUFB X8, X0, X1 \
	VPMADDUBSW X5, X1, X1 \
	VPSHUFB X9, X0, X2 \
	VPMADDUBSW X6, X2, X2 \
	VPSHUFB X7, X0, X0 \
	VPMADDUBSW X4, X0, X0 \
	VPADDSW X2, X1, X1 \
	VPADDSW X0, X1, X1 \
	VPADDSW X10, X1, X1 \
	VPSRAW $7, X1, X1 \
	VPACKUSWB X1, X1, X1

#define H8SETUP \
	MOVQ dst+0(FP), DI \
	MOVQ dstStride+8(FP), R8 \
	MOVQ src+16(FP), SI \
	MOVQ srcStride+24(FP), R9 \
	MOVQ h+32(FP), CX \
	MOVQ taps+40(FP), DX \
	VPBROADCASTW 0(DX), X4 \
	VPBROADCASTW 2(DX), X5 \
	VPBROADCASTW 4(DX), X6 \
	VMOVDQU pair05<>(SB), X7 \
	VMOVDQU pair24<>(SB), X8 \
	VMOVDQU pair13<>(SB), X9 \
	VMOVDQU round64<>(SB), X10

// func sixtapH8AVX2(dst *byte, dstStride int, src *byte, srcStride int, h int, taps *[6]int8)
TEXT ·sixtapH8AVX2(SB), NOSPLIT, $0-48
	H8SETUP

h8:
	H8ROW
	VMOVQ X1, (DI)
	ADDQ R9, SI
	ADDQ R8, DI
	DECQ CX
	JNE h8
	VZEROUPPER
	RET

// func sixtapH4AVX2(dst *byte, dstStride int, src *byte, srcStride int, h int, taps *[6]int8)
TEXT ·sixtapH4AVX2(SB), NOSPLIT, $0-48
	H8SETUP

h4:
	H8ROW
	VMOVD X1, (DI)
	ADDQ R9, SI
	ADDQ R8, DI
	DECQ CX
	JNE h4
	VZEROUPPER
	RET

// R10 = 3·srcStride, R11 = 5·srcStride.
#define VSETUP \
	MOVQ dst+0(FP), DI \
	MOVQ dstStride+8(FP), R8 \
	MOVQ src+16(FP), SI \
	MOVQ srcStride+24(FP), R9 \
	MOVQ h+32(FP), CX \
	MOVQ taps+40(FP), DX \
	LEAQ (R9)(R9*2), R10 \
	LEAQ (R9)(R9*4), R11 \
	VPBROADCASTW 0(DX), X4 \
	VPBROADCASTW 2(DX), X5 \
	VPBROADCASTW 4(DX), X6 \
	VMOVDQU round64<>(SB), X10

// func sixtapV16AVX2(dst *byte, dstStride int, src *byte, srcStride int, h int, taps *[6]int8)
TEXT ·sixtapV16AVX2(SB), NOSPLIT, $0-48
	VSETUP

v16:
	VMOVDQU (SI), X0
	VMOVDQU (SI)(R11*1), X1
	VPUNPCKLBW X1, X0, X2
	VPUNPCKHBW X1, X0, X3
	VPMADDUBSW X4, X2, X2
	VPMADDUBSW X4, X3, X3
	VMOVDQU (SI)(R9*2), X0
	VMOVDQU (SI)(R9*4), X1
	VPUNPCKLBW X1, X0, X7
	VPUNPCKHBW X1, X0, X8
	VPMADDUBSW X5, X7, X7
	VPMADDUBSW X5, X8, X8
	VMOVDQU (SI)(R9*1), X0
	VMOVDQU (SI)(R10*1), X1
	VPUNPCKLBW X1, X0, X9
	VPUNPCKHBW X1, X0, X11
	VPMADDUBSW X6, X9, X9
	VPMADDUBSW X6, X11, X11
	VPADDSW X9, X7, X7
	VPADDSW X11, X8, X8
	VPADDSW X2, X7, X7
	VPADDSW X3, X8, X8
	VPADDSW X10, X7, X7
	VPADDSW X10, X8, X8
	VPSRAW $7, X7, X7
	VPSRAW $7, X8, X8
	VPACKUSWB X8, X7, X7
	VMOVDQU X7, (DI)
	ADDQ R9, SI
	ADDQ R8, DI
	DECQ CX
	JNE v16
	VZEROUPPER
	RET

#define V8ROW(LOAD) \
	LOAD (SI), X0 \
	LOAD (SI)(R11*1), X1 \
	VPUNPCKLBW X1, X0, X2 \
	VPMADDUBSW X4, X2, X2 \
	LOAD (SI)(R9*2), X0 \
	LOAD (SI)(R9*4), X1 \
	VPUNPCKLBW X1, X0, X7 \
	VPMADDUBSW X5, X7, X7 \
	LOAD (SI)(R9*1), X0 \
	LOAD (SI)(R10*1), X1 \
	VPUNPCKLBW X1, X0, X9 \
	VPMADDUBSW X6, X9, X9 \
	VPADDSW X9, X7, X7 \
	VPADDSW X2, X7, X7 \
	VPADDSW X10, X7, X7 \
	VPSRAW $7, X7, X7 \
	VPACKUSWB X7, X7, X7

// func sixtapV8AVX2(dst *byte, dstStride int, src *byte, srcStride int, h int, taps *[6]int8)
TEXT ·sixtapV8AVX2(SB), NOSPLIT, $0-48
	VSETUP

v8:
	V8ROW(VMOVQ)
	VMOVQ X7, (DI)
	ADDQ R9, SI
	ADDQ R8, DI
	DECQ CX
	JNE v8
	VZEROUPPER
	RET

// func sixtapV4AVX2(dst *byte, dstStride int, src *byte, srcStride int, h int, taps *[6]int8)
TEXT ·sixtapV4AVX2(SB), NOSPLIT, $0-48
	VSETUP

v4:
	V8ROW(VMOVD)
	VMOVD X7, (DI)
	ADDQ R9, SI
	ADDQ R8, DI
	DECQ CX
	JNE v4
	VZEROUPPER
	RET

// MIX computes (a·X0 + b·X1 + 64) >> 7 from the lower halves of X0 and X1.
#define MIX(UNPACK, OUT) \
	UNPACK X1, X0, OUT \
	VPMADDUBSW X4, OUT, OUT \
	VPADDW X10, OUT, OUT \
	VPSRLW $7, OUT, OUT

// func mixAVX2(dst *byte, dstStride int, src *byte, srcStride int, offset, w, h, weights int)
// mixes each sample with the one offset further on; weights has a in its lower
// and b in its upper byte.
TEXT ·mixAVX2(SB), NOSPLIT, $0-64
	MOVQ dst+0(FP), DI
	MOVQ dstStride+8(FP), R8
	MOVQ src+16(FP), SI
	MOVQ srcStride+24(FP), R9
	MOVQ offset+32(FP), R10
	MOVQ w+40(FP), R11
	MOVQ h+48(FP), CX
	MOVQ weights+56(FP), AX
	VMOVD AX, X4
	VPBROADCASTW X4, X4
	VMOVDQU round64<>(SB), X10
	CMPQ R11, $8
	JEQ mix8
	JLT mix4

mix16:
	VMOVDQU (SI), X0
	VMOVDQU (SI)(R10*1), X1
	MIX(VPUNPCKLBW, X2)
	MIX(VPUNPCKHBW, X3)
	VPACKUSWB X3, X2, X2
	VMOVDQU X2, (DI)
	ADDQ R9, SI
	ADDQ R8, DI
	DECQ CX
	JNE mix16
	VZEROUPPER
	RET

mix8:
	VMOVQ (SI), X0
	VMOVQ (SI)(R10*1), X1
	MIX(VPUNPCKLBW, X2)
	VPACKUSWB X2, X2, X2
	VMOVQ X2, (DI)
	ADDQ R9, SI
	ADDQ R8, DI
	DECQ CX
	JNE mix8
	VZEROUPPER
	RET

mix4:
	VMOVD (SI), X0
	VMOVD (SI)(R10*1), X1
	MIX(VPUNPCKLBW, X2)
	VPACKUSWB X2, X2, X2
	VMOVD X2, (DI)
	ADDQ R9, SI
	ADDQ R8, DI
	DECQ CX
	JNE mix4
	VZEROUPPER
	RET
