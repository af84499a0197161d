//! Elementary functions that give the same bits on every machine.
//!
//! The platform's `exp`, `sin` and `powf` differ in the last bit from one C library to the next. The
//! same seed must give the same picture, so these use only additions, multiplications and bit
//! patterns, which IEEE 754 fixes exactly. They are also faster; their error of about 1e-5 is
//! invisible.

/// Adding and subtracting this rounds to the nearest integer without a library call.
pub(crate) const ROUND: f32 = 12_582_912.0;

/// Rounds down, for magnitudes below two million.
#[inline]
pub(crate) fn floor(x: f32) -> f32 {
    let nearest = (x + ROUND) - ROUND;
    if nearest > x { nearest - 1.0 } else { nearest }
}

/// The part of `x` after its floor.
#[inline]
pub(crate) fn fract(x: f32) -> f32 {
    x - floor(x)
}

/// Two to the power `x`.
#[inline]
pub(crate) fn exp2(x: f32) -> f32 {
    let x = x.clamp(-125.0, 125.0);
    let whole = floor(x);
    let part = x - whole;
    let curve = 1.0
        + part
            * (std::f32::consts::LN_2
                + part
                    * (0.240_226_5
                        + part * (0.055_504_1 + part * (0.009_618_1 + part * 0.001_333_4))));
    curve * f32::from_bits(((whole as i32 + 127) as u32) << 23)
}

/// The natural exponential.
#[inline]
pub(crate) fn exp(x: f32) -> f32 {
    exp2(x * std::f32::consts::LOG2_E)
}

/// The logarithm to base two, of positive numbers.
#[inline]
pub(crate) fn log2(x: f32) -> f32 {
    let bits = x.max(1e-30).to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    let m = f32::from_bits((bits & 0x007f_ffff) | 0x3f80_0000);
    // log2(m) by the series of atanh, which converges fast on 1..2.
    let t = (m - std::f32::consts::SQRT_2) / (m + std::f32::consts::SQRT_2);
    let t2 = t * t;
    let series = t * (2.885_39 + t2 * (0.961_797 + t2 * (0.577_078 + t2 * 0.412_199)));
    exponent as f32 + 0.5 + series
}

/// `x` to the power `y`; zero when `x` is not positive.
#[inline]
pub(crate) fn pow(x: f32, y: f32) -> f32 {
    if x <= 0.0 { 0.0 } else { exp2(y * log2(x)) }
}

/// The sine of an angle in radians.
#[inline]
pub(crate) fn sin(x: f32) -> f32 {
    let turns = x * std::f32::consts::FRAC_1_PI * 0.5;
    let a = (turns - ((turns + ROUND) - ROUND)) * std::f32::consts::TAU;
    // Fold into the quarter turns, where the series is short.
    let half = std::f32::consts::FRAC_PI_2;
    let a = if a > half {
        std::f32::consts::PI - a
    } else if a < -half {
        -std::f32::consts::PI - a
    } else {
        a
    };
    let s = a * a;
    a * (1.0 + s * (-0.166_666_67 + s * (0.008_333_3 + s * (-0.000_198_41 + s * 0.000_002_75))))
}

/// The cosine of an angle in radians.
#[inline]
pub(crate) fn cos(x: f32) -> f32 {
    sin(x + std::f32::consts::FRAC_PI_2)
}

/// Zero below `low`, one above `high`, an S between them; `low` may be above `high`.
#[inline]
pub(crate) fn smooth(low: f32, high: f32, x: f32) -> f32 {
    // With constant edges the compiler turns the division into a factor.
    let t = ((x - low) * (1.0 / (high - low))).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// From `a` to `b` as `t` goes from zero to one.
#[inline]
pub(crate) fn lerp(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_platform_to_the_eye() {
        for step in -400..400 {
            let x = step as f32 * 0.025;
            assert!((sin(x) - x.sin()).abs() < 1e-4, "sin {x}");
            assert!((cos(x) - x.cos()).abs() < 1e-4, "cos {x}");
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-4, "exp {x}");
            assert!((floor(x) - x.floor()).abs() < 1e-6, "floor {x}");
            let positive = x.abs() + 0.01;
            assert!(
                (log2(positive) - positive.log2()).abs() < 2e-4,
                "log2 {positive}"
            );
        }
    }
}
