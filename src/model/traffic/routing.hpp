// Ways that are shortest in time.
#pragma once

#include <vector>

#include "model/traffic/network.hpp"

namespace cityloom::model::traffic {

/// Finds shortest ways; keeps its memory between questions. One worker each.
class Router {
 public:
  /// The network must outlive it.
  explicit Router(const Network& network);

  /// Seconds that each edge takes; as many as edges. At first those of its length at its highest speed.
  std::vector<double>& times_s() { return times_s_; }
  /// Nobody may use it.
  void close(uint32_t edge) { closed_[edge] = true; }

  /// The way from an edge to another, both within it, for vehicles of these classes; empty where there is none.
  std::vector<uint32_t> way(uint32_t from, uint32_t to, Classes classes);

 private:
  const Network& network_;
  std::vector<double> times_s_;
  std::vector<bool> closed_;
  std::vector<double> best_s_;
  std::vector<uint32_t> before_, touched_;
};

/// Seconds over an edge without traffic.
double free_time_s(const Network& network, const Edge& edge);

}  // namespace cityloom::model::traffic
