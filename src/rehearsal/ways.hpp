// The way of a car or a walker through a model: A* over junctions.
#pragma once

#include <vector>

#include "rehearsal/model.hpp"

namespace cityloom::rehearsal {

/// Finds ways; holds some 20 bytes a junction. One worker.
class WayFinder {
 public:
  explicit WayFinder(const CityModel& model);

  /// Edges from a street to another, both included, in the order of travel; the first is left at its head, whichever
  /// way is better. Empty if there is no way. Good, not always the best: people do not know the best one either.
  /// `on_foot`: one-way streets count for nothing. Closed streets are avoided. Cost: a microsecond a junction looked
  /// at.
  std::vector<uint32_t> find(uint32_t from_street, uint32_t to_street, bool on_foot);

  /// Closes a street (or opens it again) to who sets out from now on.
  void set_closed(uint32_t street, bool is_closed) { closed_[street] = is_closed ? 1 : 0; }
  bool is_closed(uint32_t street) const { return closed_[street] != 0; }

 private:
  struct Reached {
    float cost_s = 0;
    uint32_t edge = no_index;
    uint32_t round = 0;
    bool is_done = false;
  };
  void reach(uint32_t node, float cost_s, uint32_t edge, Point goal, double speed_mps);

  const CityModel& model_;
  std::vector<Reached> reached_;
  std::vector<char> closed_;
  std::vector<uint32_t> edges_in_first_, edges_in_;  // of walkers: against one-way streets
  uint32_t round_ = 0;
  std::vector<std::pair<float, uint32_t>> open_;  // a heap by estimated cost, then by number
};

}  // namespace cityloom::rehearsal
