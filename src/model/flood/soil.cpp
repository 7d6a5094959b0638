#include "model/flood/soil.hpp"

#include <algorithm>
#include <cmath>

namespace cityloom::model::flood {
namespace {

constexpr double mm_h = 1e-3 / 3'600;  // in m/s

double runoff_m(const CurveNumberSoil& soil, double rain_m) {
  const double holds_m = (25'400 / soil.number - 254) / 1'000;
  const double beyond_m = rain_m - soil.initial_share * holds_m;
  return beyond_m > 0 ? beyond_m * beyond_m / (beyond_m + holds_m) : 0;
}

double rate_m_s(const SoilClass& soil, double from_s, double to_s, double rain_from_m, double rain_to_m) {
  if (const auto* constant = std::get_if<ConstantSoil>(&soil)) return constant->rate_mm_h * mm_h;
  if (const auto* horton = std::get_if<HortonSoil>(&soil)) {
    const double per_s = horton->decay_per_h / 3'600, over = per_s * (to_s - from_s);
    // The mean of the exponential over the span.
    const double mean = over > 1e-9 ? std::exp(-per_s * from_s) * -std::expm1(-over) / over : std::exp(-per_s * from_s);
    return (horton->end_mm_h + (horton->start_mm_h - horton->end_mm_h) * mean) * mm_h;
  }
  if (const auto* curve = std::get_if<CurveNumberSoil>(&soil)) {
    const double kept_m = rain_to_m - rain_from_m - (runoff_m(*curve, rain_to_m) - runoff_m(*curve, rain_from_m));
    return std::max(0.0, kept_m) / (to_s - from_s);
  }
  return 0;  // Green and Ampt: each cell has its own
}

}  // namespace

std::vector<double> Soil::rates_m_s(double from_s, double to_s, double rain_from_m, double rain_to_m) const {
  std::vector<double> rates;
  for (const SoilClass& one : classes) rates.push_back(rate_m_s(one, from_s, to_s, rain_from_m, rain_to_m));
  return rates;
}

double green_ampt_rate_m_s(const GreenAmptSoil& soil, double soaked_m, double span_s) {
  // F1 - F0 = K t (1 + 2 psi deficit / (F0 + F1)), solved for F1.
  const double most = soil.conductivity_mm_h * mm_h * span_s, pull = soil.suction_mm / 1'000 * soil.deficit;
  const double rest = soaked_m * soaked_m + most * soaked_m + 2 * pull * most;
  const double then_m = (most + std::sqrt(most * most + 4 * rest)) / 2;
  return std::max(0.0, then_m - soaked_m) / span_s;
}

}  // namespace cityloom::model::flood
