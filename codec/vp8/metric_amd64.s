#include "textflag.h"

DATA lowWords<>+0(SB)/8, $0x0000000100000001
DATA lowWords<>+8(SB)/8, $0x0000000100000001
DATA lowWords<>+16(SB)/8, $0x0000000100000001
DATA lowWords<>+24(SB)/8, $0x0000000100000001
GLOBL lowWords<>(SB), RODATA|NOPTR, $32

// SATDROW loads the difference of one row. SI and DI move on by a row.
#define SATDROW(D, T) \
	VPMOVZXBW (SI), D \
	VPMOVZXBW (DI), T \
	VPSUBW T, D, D \
	ADDQ R8, SI \
	ADDQ R9, DI

// SATDPAIR ends the transform of the two rows S and D: the sum and the
// difference of neighbours, and of pairs of those the larger magnitude, which is
// half of what another step would give. The results are in the lower words of T.
#define SATDPAIR(S, D, T, U) \
	VPHADDW D, S, T \
	VPHSUBW D, S, U \
	VPABSW T, T \
	VPABSW U, U \
	VPSRLD $16, T, S \
	VPSRLD $16, U, D \
	VPMAXSW S, T, T \
	VPMAXSW D, U, U \
	VPADDW U, T, T

// SATDSTRIP adds the transform of four rows to ACC.
#define SATDSTRIP(D0, D1, D2, D3, ACC, T, U, LOW) \
	SATDROW(D0, T) \
	SATDROW(D1, T) \
	SATDROW(D2, T) \
	SATDROW(D3, T) \
	VPADDW D2, D0, T \
	VPSUBW D2, D0, D0 \
	VPADDW D3, D1, U \
	VPSUBW D3, D1, D1 \
	VPADDW U, T, D2 \
	VPSUBW U, T, D3 \
	VPADDW D1, D0, T \
	VPSUBW D1, D0, D1 \
	VMOVDQA T, D0 \
	SATDPAIR(D2, D3, T, U) \
	VPMADDWD LOW, T, T \
	VPADDD T, ACC, ACC \
	SATDPAIR(D0, D1, T, U) \
	VPMADDWD LOW, T, T \
	VPADDD T, ACC, ACC

// func satd16AVX2(a *byte, aStride int, b *byte, bStride int) int
TEXT ·satd16AVX2(SB), NOSPLIT, $0-40
	MOVQ a+0(FP), SI
	MOVQ aStride+8(FP), R8
	MOVQ b+16(FP), DI
	MOVQ bStride+24(FP), R9
	VMOVDQU lowWords<>(SB), Y7
	VPXOR Y6, Y6, Y6
	MOVQ $4, CX

satd16:
	SATDSTRIP(Y0, Y1, Y2, Y3, Y6, Y4, Y5, Y7)
	DECQ CX
	JNE satd16
	VEXTRACTI128 $1, Y6, X0
	VPADDD X0, X6, X6
	VPHADDD X6, X6, X6
	VPHADDD X6, X6, X6
	VMOVD X6, AX
	MOVQ AX, ret+32(FP)
	VZEROUPPER
	RET

// func satd8AVX2(a *byte, aStride int, b *byte, bStride int) int
TEXT ·satd8AVX2(SB), NOSPLIT, $0-40
	MOVQ a+0(FP), SI
	MOVQ aStride+8(FP), R8
	MOVQ b+16(FP), DI
	MOVQ bStride+24(FP), R9
	VMOVDQU lowWords<>(SB), X7
	VPXOR X6, X6, X6
	MOVQ $2, CX

satd8:
	SATDSTRIP(X0, X1, X2, X3, X6, X4, X5, X7)
	DECQ CX
	JNE satd8
	VPHADDD X6, X6, X6
	VPHADDD X6, X6, X6
	VMOVD X6, AX
	MOVQ AX, ret+32(FP)
	VZEROUPPER
	RET

// func satd4AVX2(a *byte, aStride int, b *byte, bStride int) int
TEXT ·satd4AVX2(SB), NOSPLIT, $0-40
	MOVQ a+0(FP), SI
	MOVQ aStride+8(FP), R8
	MOVQ b+16(FP), DI
	MOVQ bStride+24(FP), R9
	LEAQ (SI)(R8*2), AX
	LEAQ (DI)(R9*2), BX
	VMOVD (SI), X0
	VPINSRD $1, (SI)(R8*1), X0, X0
	VMOVD (AX), X1
	VPINSRD $1, (AX)(R8*1), X1, X1
	VMOVD (DI), X2
	VPINSRD $1, (DI)(R9*1), X2, X2
	VMOVD (BX), X3
	VPINSRD $1, (BX)(R9*1), X3, X3
	VPMOVZXBW X0, X0
	VPMOVZXBW X1, X1
	VPMOVZXBW X2, X2
	VPMOVZXBW X3, X3
	VPSUBW X2, X0, X0 // rows 0 and 1
	VPSUBW X3, X1, X1 // rows 2 and 3
	VPADDW X1, X0, X2
	VPSUBW X1, X0, X3
	VPUNPCKLQDQ X3, X2, X0
	VPUNPCKHQDQ X3, X2, X1
	VPADDW X1, X0, X2
	VPSUBW X1, X0, X3
	SATDPAIR(X2, X3, X4, X5)
	VPMADDWD lowWords<>(SB), X4, X4
	VPHADDD X4, X4, X4
	VPHADDD X4, X4, X4
	VMOVD X4, AX
	MOVQ AX, ret+32(FP)
	VZEROUPPER
	RET

#define SADROW \
	VMOVDQU (SI), X1 \
	VPSADBW (DI), X1, X1 \
	VPADDQ X1, X0, X0 \
	VMOVDQU (SI)(R8*1), X2 \
	VPSADBW (DI)(R9*1), X2, X2 \
	VPADDQ X2, X3, X3 \
	LEAQ (SI)(R8*2), SI \
	LEAQ (DI)(R9*2), DI

// func sad16AVX2(a *byte, aStride int, b *byte, bStride int) int
TEXT ·sad16AVX2(SB), NOSPLIT, $0-40
	MOVQ a+0(FP), SI
	MOVQ aStride+8(FP), R8
	MOVQ b+16(FP), DI
	MOVQ bStride+24(FP), R9
	VPXOR X0, X0, X0
	VPXOR X3, X3, X3
	SADROW
	SADROW
	SADROW
	SADROW
	SADROW
	SADROW
	SADROW
	SADROW
	VPADDQ X3, X0, X0
	VPSRLDQ $8, X0, X1
	VPADDQ X1, X0, X0
	VMOVQ X0, AX
	MOVQ AX, ret+32(FP)
	VZEROUPPER
	RET

// func sad8AVX2(a *byte, aStride int, b *byte, bStride int) int
TEXT ·sad8AVX2(SB), NOSPLIT, $0-40
	MOVQ a+0(FP), SI
	MOVQ aStride+8(FP), R8
	MOVQ b+16(FP), DI
	MOVQ bStride+24(FP), R9
	VPXOR X0, X0, X0
	MOVQ $4, CX

sad8:
	VMOVQ (SI), X1
	VPINSRQ $1, (SI)(R8*1), X1, X1
	VMOVQ (DI), X2
	VPINSRQ $1, (DI)(R9*1), X2, X2
	VPSADBW X2, X1, X1
	VPADDQ X1, X0, X0
	LEAQ (SI)(R8*2), SI
	LEAQ (DI)(R9*2), DI
	DECQ CX
	JNE sad8
	VPSRLDQ $8, X0, X1
	VPADDQ X1, X0, X0
	VMOVQ X0, AX
	MOVQ AX, ret+32(FP)
	VZEROUPPER
	RET

// func variance16AVX2(a *byte, aStride int, b *byte, bStride int) (sum, sse int)
TEXT ·variance16AVX2(SB), NOSPLIT, $0-48
	MOVQ a+0(FP), SI
	MOVQ aStride+8(FP), R8
	MOVQ b+16(FP), DI
	MOVQ bStride+24(FP), R9
	VPXOR Y0, Y0, Y0 // sums, 16 bits: at most 16·255
	VPXOR Y1, Y1, Y1 // squares, 32 bits
	MOVQ $16, CX

var16:
	VPMOVZXBW (SI), Y2
	VPMOVZXBW (DI), Y3
	VPSUBW Y3, Y2, Y2
	VPADDW Y2, Y0, Y0
	VPMADDWD Y2, Y2, Y2
	VPADDD Y2, Y1, Y1
	ADDQ R8, SI
	ADDQ R9, DI
	DECQ CX
	JNE var16

	VPCMPEQW Y4, Y4, Y4
	VPSRLW $15, Y4, Y4 // ones
	VPMADDWD Y4, Y0, Y0
	VPHADDD Y1, Y0, Y0
	VEXTRACTI128 $1, Y0, X2
	VPADDD X2, X0, X0
	VPHADDD X0, X0, X0
	VMOVD X0, AX
	VPEXTRD $1, X0, BX
	MOVLQSX AX, AX
	MOVLQSX BX, BX
	MOVQ AX, sum+32(FP)
	MOVQ BX, sse+40(FP)
	VZEROUPPER
	RET

// func sse8AVX2(a *byte, aStride int, b *byte, bStride int) int
TEXT ·sse8AVX2(SB), NOSPLIT, $0-40
	MOVQ a+0(FP), SI
	MOVQ aStride+8(FP), R8
	MOVQ b+16(FP), DI
	MOVQ bStride+24(FP), R9
	VPXOR X0, X0, X0
	MOVQ $8, CX

sse8:
	VPMOVZXBW (SI), X2
	VPMOVZXBW (DI), X3
	VPSUBW X3, X2, X2
	VPMADDWD X2, X2, X2
	VPADDD X2, X0, X0
	ADDQ R8, SI
	ADDQ R9, DI
	DECQ CX
	JNE sse8
	VPHADDD X0, X0, X0
	VPHADDD X0, X0, X0
	VMOVD X0, AX
	MOVLQSX AX, AX
	MOVQ AX, ret+32(FP)
	VZEROUPPER
	RET
