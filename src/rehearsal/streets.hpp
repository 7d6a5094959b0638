// The streets of an invented city, stretch by stretch between their junctions.
#pragma once

#include <string>
#include <vector>

#include "rehearsal/plan.hpp"

namespace cityloom::rehearsal {

/// A stretch of street between two junctions (or ends). One-way streets lead from the first of its nodes to the last.
struct Stretch {
  std::vector<GridNode> nodes;  ///< at least two; those within are bends
  StreetClass street = StreetClass::residential;
  bool is_row = true;
  bool is_oneway = false;
  bool is_bridge = false;
  bool is_underpass = false;  ///< dips below the ground: floods first
  int lanes = 1;              ///< in one direction

  GridNode start() const { return nodes.front(); }
  GridNode end() const { return nodes.back(); }
};

/// The stretches that belong to a quarter: those within it, along its low sides, along its high sides where no other
/// quarter is, and the bridges at its corner. All quarters together give each stretch once.
std::vector<Stretch> stretches_of(const CityPlan& plan, Quarter quarter);

/// Whether traffic signals stand at a crossing.
bool has_signals(const CityPlan& plan, GridNode node);

/// The nodes of a quarter's streets that belong to it (each node of the city belongs to one quarter).
std::vector<GridNode> nodes_of(const CityPlan& plan, Quarter quarter);

/// Part of ids: "3.m5" for (3, -5).
std::string text_of(GridNode node);

/// The id of the entity of a stretch, a junction ("rehearsal-node-3.m5") and a signal.
std::string street_id(const Stretch& stretch);
std::string node_name(GridNode node);
std::string signal_id(GridNode node);

}  // namespace cityloom::rehearsal
