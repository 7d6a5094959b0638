#include "rehearsal/streets.hpp"

#include <algorithm>

namespace cityloom::rehearsal {
namespace {

constexpr double oneway_share = 0.45;

class Walker {
 public:
  Walker(const CityPlan& plan, Quarter quarter) : plan_(plan), quarter_(quarter), corner_(quarter.corner()) {}

  std::vector<Stretch> walk() {
    for (int32_t n = 0; n <= quarter_lines; ++n) {
      // The high sides belong to the quarter behind them where there is one.
      const bool is_ours_above = !plan_.has({quarter_.x, quarter_.y + 1}) || quarter_.y == -1;
      const bool is_ours_right = !plan_.has({quarter_.x + 1, quarter_.y});
      if (n < quarter_lines || is_ours_above) line({corner_.i, corner_.j + n}, true, n);
      if (n < quarter_lines || is_ours_right) line({corner_.i + n, corner_.j}, false, n);
    }
    bridges();
    return std::move(made_);
  }

 private:
  GridNode after(GridNode node, bool is_row) const {
    return is_row ? GridNode{node.i + 1, node.j} : GridNode{node.i, node.j + 1};
  }
  bool is_street(GridNode from, bool is_row) const {
    return is_row ? plan_.has_row_street(from) : plan_.has_column_street(from);
  }
  bool is_junction(GridNode node, bool is_row) const {
    if (is_row) return plan_.has_column_street(node) || plan_.has_column_street({node.i, node.j - 1});
    return plan_.has_row_street(node) || plan_.has_row_street({node.i - 1, node.j});
  }

  void line(GridNode start, bool is_row, int32_t n) {
    GridNode node = start;
    Stretch stretch;
    stretch.is_row = is_row;
    stretch.street = is_row ? CityPlan::class_of_row(start.j) : CityPlan::class_of_column(start.i);
    stretch.lanes = lanes_each_way(stretch.street);
    const bool is_inner = n % quarter_lines != 0;
    bool is_turned = false;
    if (is_inner && stretch.street == StreetClass::residential && plan_.layout_of(quarter_) == Layout::houses) {
      Chance chance(plan_.spec().seed, Purpose::traffic, {quarter_.x, quarter_.y, n, is_row ? 1 : 0});
      stretch.is_oneway = chance.happens(oneway_share);
      is_turned = chance.happens(0.5);
    }
    for (int32_t step = 0; step < quarter_lines; ++step) {
      const GridNode next = after(node, is_row);
      if (is_street(node, is_row)) {
        if (stretch.nodes.empty()) stretch.nodes.push_back(node);
        stretch.nodes.push_back(next);
      }
      const bool ends = step + 1 == quarter_lines || is_junction(next, is_row) || !is_street(next, is_row);
      if (ends && stretch.nodes.size() > 1) {
        Stretch& made = made_.emplace_back(stretch);
        if (is_turned && stretch.is_oneway) std::reverse(made.nodes.begin(), made.nodes.end());
        stretch.nodes.clear();
      }
      node = next;
    }
    dip(is_row, n);
  }

  // One main street in many quarters passes below another line's level.
  void dip(bool is_row, int32_t n) {
    if (n != 0 || is_row || made_.empty() || made_.back().is_row) return;
    Stretch& stretch = made_.back();
    if (stretch.street != StreetClass::secondary) return;
    stretch.is_underpass = Chance(plan_.spec().seed, Purpose::devices, {quarter_.x, quarter_.y}).happens(0.12);
  }

  void bridges() {
    if (quarter_.y != 0) return;
    for (const int32_t i : {corner_.i, corner_.i + quarter_lines}) {
      const GridNode south{i, -1};
      if (!plan_.has_column_street(south)) continue;
      // A bridge at the right side belongs to the next quarter on this bank where there is one.
      if (i != corner_.i && plan_.has({quarter_.x + 1, 0})) continue;
      Stretch& stretch = made_.emplace_back();
      stretch.nodes = {south, {i, 0}};
      stretch.is_row = false;
      stretch.street = CityPlan::class_of_column(i);
      stretch.lanes = lanes_each_way(stretch.street);
      stretch.is_bridge = true;
    }
  }

  const CityPlan& plan_;
  Quarter quarter_;
  GridNode corner_;
  std::vector<Stretch> made_;
};

std::string text_of_number(int32_t number) {
  return number < 0 ? "m" + std::to_string(-number) : std::to_string(number);
}

}  // namespace

std::vector<Stretch> stretches_of(const CityPlan& plan, Quarter quarter) {
  return Walker(plan, quarter).walk();
}

bool has_signals(const CityPlan& plan, GridNode node) {
  if (plan.arms(node) < 3) return false;
  const StreetClass row = CityPlan::class_of_row(node.j), column = CityPlan::class_of_column(node.i);
  return std::min(row, column) <= StreetClass::secondary && std::max(row, column) <= StreetClass::tertiary;
}

std::vector<GridNode> nodes_of(const CityPlan& plan, Quarter quarter) {
  std::vector<GridNode> nodes;
  const GridNode corner = quarter.corner();
  const bool is_ours_above = !plan.has({quarter.x, quarter.y + 1}) || quarter.y == -1;
  const bool is_ours_right = !plan.has({quarter.x + 1, quarter.y});
  const bool is_ours_far = !plan.has({quarter.x + 1, quarter.y + 1}) || quarter.y == -1;
  for (int32_t j = 0; j <= quarter_lines; ++j) {
    for (int32_t i = 0; i <= quarter_lines; ++i) {
      const bool is_high = j == quarter_lines, is_right = i == quarter_lines;
      if (is_high && !is_right && !is_ours_above) continue;
      if (is_right && !is_high && !is_ours_right) continue;
      // A corner belongs to the quarter that has it as its low corner, else to the first in this order.
      if (is_right && is_high && !(is_ours_above && is_ours_right && is_ours_far)) continue;
      const GridNode node{corner.i + i, corner.j + j};
      if (plan.arms(node) > 0) nodes.push_back(node);
    }
  }
  return nodes;
}

std::string text_of(GridNode node) {
  return text_of_number(node.i) + "." + text_of_number(node.j);
}

std::string street_id(const Stretch& stretch) {
  const GridNode low = std::min(stretch.start(), stretch.end());
  return std::string("urn:ngsi-ld:RoadSegment:rehearsal-") + (stretch.is_row ? "row-" : "column-") + text_of(low);
}

std::string node_name(GridNode node) {
  return "rehearsal-node-" + text_of(node);
}

std::string signal_id(GridNode node) {
  return "urn:ngsi-ld:TrafficSignal:rehearsal-" + text_of(node);
}

}  // namespace cityloom::rehearsal
