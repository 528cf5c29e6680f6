/// x · σ(x) (Hendrycks & Gimpel 2016; the gate of SwiGLU, Shazeer 2020).
fn silu(x: f32) -> f32 {
  return x / (1.0 + exp(-x));
}

/// GELU in the tanh form of GPT-2. It computes tanh through exp of a value that cannot overflow.
fn gelu(x: f32) -> f32 {
  let inner = 0.7978845608028654 * x * fma(0.044715 * x, x, 1.0);
  let e = exp(-2.0 * abs(inner));
  let t = sign(inner) * (1.0 - e) / (1.0 + e);
  return 0.5 * x * (1.0 + t);
}
