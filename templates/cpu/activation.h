/// What is done to each number alone, as types that kernels are given: `of` takes a register.
#pragma once

#include "templates/cpu/vector.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

ASHLAR_INLINE inline Floats sigmoid(Floats x) { return 1.0f / (1.0f + exponential(-x)); }

/// (e^2x - 1) / (e^2x + 1); near zero, where that would lose digits, x times a polynomial of x^2.
ASHLAR_INLINE inline Floats hyperbolicTangent(Floats x) {
  Floats square = x * x, near = broadcast(-6.2388458e-3f);
  near = multiplyAdd(near, square, broadcast(2.1042168e-2f));
  near = multiplyAdd(near, square, broadcast(-5.3843368e-2f));
  near = multiplyAdd(near, square, broadcast(1.3332468e-1f));
  near = multiplyAdd(near, square, broadcast(-3.3333310e-1f));
  near = multiplyAdd(near * square, x, x);
  Floats far = 1.0f - 2.0f / (1.0f + exponential(x + x));
  return square < 0.3025f ? near : far;
}

/// The share of a normal distribution that lies below x: (1 + erf(x / sqrt 2)) / 2. With z = |x| /
/// sqrt 2 and t = 1 / (1 + z / 2), erfc(z) = t e^(p(t) - z^2), where p is a polynomial that was
/// fitted to 6e-8.
ASHLAR_INLINE inline Floats normalBelow(Floats x) {
  Floats z = (x < 0.0f ? -x : x) * 0.70710678f, t = 1.0f / (1.0f + 0.5f * z);
  Floats p = broadcast(1.52171284e-1f);
  p = multiplyAdd(p, t, broadcast(-7.20157564e-1f));
  p = multiplyAdd(p, t, broadcast(1.24898505f));
  p = multiplyAdd(p, t, broadcast(-8.18536580e-1f));
  p = multiplyAdd(p, t, broadcast(2.03504898e-2f));
  p = multiplyAdd(p, t, broadcast(-5.18615171e-2f));
  p = multiplyAdd(p, t, broadcast(5.25326990e-2f));
  p = multiplyAdd(p, t, broadcast(3.82924557e-1f));
  p = multiplyAdd(p, t, broadcast(9.99060392e-1f));
  p = multiplyAdd(p, t, broadcast(-1.26546872f));
  Floats beyond = 0.5f * t * exponential(multiplyAdd(-z, z, p));
  return x < 0.0f ? beyond : 1.0f - beyond;
}

struct Silu {
  ASHLAR_INLINE static Floats of(Floats x) { return x / (1.0f + exponential(-x)); }
};

struct Gelu {
  ASHLAR_INLINE static Floats of(Floats x) { return x * normalBelow(x); }
};

/// x (1 + tanh u) / 2, u = sqrt(2 / pi) (x + 0.044715 x^3), which is x sigmoid(2 u).
struct GeluTanh {
  ASHLAR_INLINE static Floats of(Floats x) {
    Floats u = x * multiplyAdd(x * x, broadcast(0.044715f), broadcast(1.0f));
    return x / (1.0f + exponential(u * -1.59576912f));
  }
};

struct GeluQuick {
  ASHLAR_INLINE static Floats of(Floats x) { return x / (1.0f + exponential(x * -1.702f)); }
};

struct Relu {
  ASHLAR_INLINE static Floats of(Floats x) { return x < 0.0f ? Floats{} : x; }
};

struct ReluSquared {
  ASHLAR_INLINE static Floats of(Floats x) { return Relu::of(x) * x; }
};

struct Sigmoid {
  ASHLAR_INLINE static Floats of(Floats x) { return sigmoid(x); }
};

struct Tanh {
  ASHLAR_INLINE static Floats of(Floats x) { return hyperbolicTangent(x); }
};

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
