// What the ground takes: laws of infiltration by kind of soil.
#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

namespace cityloom::model::flood {

/// So much at most, always; 0: sealed ground.
struct ConstantSoil {
  double rate_mm_h = 0;
};
/// Horton (1940): from a rate at the start of the run to one in the end, falling exponentially with time.
struct HortonSoil {
  double start_mm_h = 0, end_mm_h = 0, decay_per_h = 0;
};
/// Green and Ampt (1911): a wet front goes down; the more the ground has taken, the less it takes.
struct GreenAmptSoil {
  double conductivity_mm_h = 0;  ///< of the soaked soil
  double suction_mm = 0;         ///< at the front
  double deficit = 0;            ///< what the dry soil can hold, as a part of its volume
};
/// The curve number of the Soil Conservation Service (USDA 1972): of the rain until now P, runs off
/// (P - Ia)^2 / (P - Ia + S), S = 25400 / number - 254 mm, Ia = initial_share S.
struct CurveNumberSoil {
  double number = 100;         ///< 100: all runs off
  double initial_share = 0.2;  ///< of S, that the rain must fill first
};
using SoilClass = std::variant<ConstantSoil, HortonSoil, GreenAmptSoil, CurveNumberSoil>;

/// Kinds of soil, and where they lie.
struct Soil {
  std::vector<SoilClass> classes;      ///< empty: nothing sinks in
  std::vector<uint8_t> class_of_cell;  ///< rows x columns, each below classes.size(); empty: the first is everywhere

  /// What cells take at most over a span of time, m/s: of classes in which all cells are alike, from the rain that fell
  /// until its beginning and its end, m.
  std::vector<double> rates_m_s(double from_s, double to_s, double rain_from_m, double rain_to_m) const;
};

/// What Green and Ampt's soil takes in a span of time at most, as a mean rate (m/s), when it has taken `soaked_m`. Of
/// the span's middle (second order): F' = K (1 + psi deficit / F). Requires to_s > from_s.
double green_ampt_rate_m_s(const GreenAmptSoil& soil, double soaked_m, double span_s);

/// Writes what the cells of a row take at most. `rates_m_s` as Soil::rates_m_s has them.
template <class Real>
void fill_capacity(const Soil& soil, std::span<const double> rates_m_s, double span_s, size_t first_cell,
                   std::span<const Real> soaked_m, std::span<Real> capacity_m_s) {
  for (size_t i = 0; i < capacity_m_s.size(); ++i) {
    const size_t kind = soil.class_of_cell.empty() ? 0 : soil.class_of_cell[first_cell + i];
    const auto* green_ampt = std::get_if<GreenAmptSoil>(&soil.classes[kind]);
    capacity_m_s[i] = static_cast<Real>(
        green_ampt ? green_ampt_rate_m_s(*green_ampt, static_cast<double>(soaked_m[i]), span_s) : rates_m_s[kind]);
  }
}

}  // namespace cityloom::model::flood
