// A change copies the leaf it falls into and the nodes above it; all else is shared.
#include "space/tiles/tile_tree.hpp"

#include <xxhash.h>

namespace cityloom::space {
namespace {

using Node = TileNode;

// Whose sum tells sets of items apart.
uint64_t mixed(uint64_t version) {
  return XXH3_64bits(&version, sizeof version);
}

class Changing {
 public:
  Changing(size_t items_max, uint64_t& copied) : items_max_(items_max), copied_(copied) {}

  TileNodePointer apply(const TileNodePointer& node, const TileCell& cell, std::span<TileChange> changes);

 private:
  TileNodePointer build(const TileCell& cell, std::vector<TileItem> items, std::vector<TilePart> parts);
  TileNodePointer make_inner(const TileCell& cell, std::array<TileNodePointer, 4> children);
  TileNodePointer apply_to_leaf(const Node* leaf, const TileCell& cell, std::span<TileChange> changes);

  size_t items_max_;
  uint64_t& copied_;
};

TileNodePointer Changing::build(const TileCell& cell, std::vector<TileItem> items, std::vector<TilePart> parts) {
  if (items.empty()) return nullptr;
  if (items.size() <= items_max_ || cell.level == TileCell::level_max) {
    auto leaf = std::make_shared<Node>();
    leaf->cell = cell;
    leaf->count = static_cast<uint32_t>(items.size());
    for (const TileItem& item : items) {
      leaf->version_sum += mixed(item.version);
      leaf->extent.include(item.extent);
    }
    copied_ += items.size();
    items.shrink_to_fit();
    leaf->items = std::move(items);
    leaf->parts = std::move(parts);
    return leaf;
  }
  std::vector<TileItem> quarter_items[4];
  std::vector<TilePart> quarter_parts[4];
  std::sort(parts.begin(), parts.end());
  for (const TileItem& item : items) {
    const uint32_t quarter = cell.quarter_of(item.centre);
    quarter_items[quarter].push_back(item);
    for (auto part = std::lower_bound(parts.begin(), parts.end(), TilePart{item.id, 0});
         part != parts.end() && part->first == item.id; ++part) {
      quarter_parts[quarter].push_back(*part);
    }
  }
  items = {};
  std::array<TileNodePointer, 4> children;
  for (uint32_t quarter = 0; quarter < 4; ++quarter) {
    children[quarter] =
        build(cell.child(quarter), std::move(quarter_items[quarter]), std::move(quarter_parts[quarter]));
  }
  return make_inner(cell, std::move(children));
}

TileNodePointer Changing::make_inner(const TileCell& cell, std::array<TileNodePointer, 4> children) {
  auto inner = std::make_shared<Node>();
  inner->cell = cell;
  for (const TileNodePointer& child : children) {
    if (!child) continue;
    inner->count += child->count;
    inner->version_sum += child->version_sum;
    inner->extent.include(child->extent);
    inner->depth = std::max(inner->depth, child->depth + 1);
  }
  inner->children = std::move(children);
  return inner;
}

TileNodePointer Changing::apply_to_leaf(const Node* leaf, const TileCell& cell, std::span<TileChange> changes) {
  std::vector<uint32_t> going;
  for (const TileChange& change : changes) {
    if (change.coming == nullptr) going.push_back(change.id);
  }
  std::sort(going.begin(), going.end());
  const auto goes = [&](uint32_t id) { return std::binary_search(going.begin(), going.end(), id); };
  std::vector<TileItem> items;
  std::vector<TilePart> parts;
  if (leaf != nullptr) {
    items.reserve(leaf->items.size() + changes.size());
    for (const TileItem& item : leaf->items) {
      if (!goes(item.id)) items.push_back(item);
    }
    for (const TilePart& part : leaf->parts) {
      if (!goes(part.first)) parts.push_back(part);
    }
  }
  for (const TileChange& change : changes) {
    if (change.coming == nullptr) continue;
    items.push_back(*change.coming);
    for (uint32_t part : change.parts) parts.emplace_back(change.id, part);
  }
  return build(cell, std::move(items), std::move(parts));
}

void gather(const Node& node, std::vector<TileItem>& items, std::vector<TilePart>& parts) {
  items.insert(items.end(), node.items.begin(), node.items.end());
  parts.insert(parts.end(), node.parts.begin(), node.parts.end());
  for (const TileNodePointer& child : node.children) {
    if (child) gather(*child, items, parts);
  }
}

TileNodePointer Changing::apply(const TileNodePointer& node, const TileCell& cell, std::span<TileChange> changes) {
  if (changes.empty()) return node;
  if (!node || node->is_leaf()) return apply_to_leaf(node.get(), cell, changes);
  std::array<TileNodePointer, 4> children;
  auto start = changes.begin();
  uint64_t count = 0;
  for (uint32_t quarter = 0; quarter < 4; ++quarter) {
    const auto end = quarter == 3 ? changes.end() : std::partition(start, changes.end(), [&](const TileChange& change) {
      return cell.quarter_of(change.centre) == quarter;
    });
    children[quarter] = apply(node->children[quarter], cell.child(quarter), std::span(start, end));
    if (children[quarter]) count += children[quarter]->count;
    start = end;
  }
  if (count == 0) return nullptr;
  TileNodePointer inner = make_inner(cell, std::move(children));
  if (count > items_max_) return inner;
  std::vector<TileItem> items;
  std::vector<TilePart> parts;
  gather(*inner, items, parts);
  return build(cell, std::move(items), std::move(parts));
}

}  // namespace

void TileExtent::include(const TileExtent& other) {
  west = std::min(west, other.west);
  south = std::min(south, other.south);
  east = std::max(east, other.east);
  north = std::max(north, other.north);
  lowest_m = std::min(lowest_m, other.lowest_m);
  highest_m = std::max(highest_m, other.highest_m);
}

uint64_t TileNode::version() const {
  // Raised when the same items are drawn otherwise, so that no client keeps what an older program drew.
  constexpr uint64_t drawing = 2;
  const uint64_t drawn[] = {drawing, cell.level, cell.x, cell.y, count, version_sum};
  return XXH3_64bits(drawn, sizeof drawn);
}

TileNodePointer changed_tree(const TileNodePointer& tree, std::span<TileChange> changes, size_t items_max,
                             uint64_t& copied) {
  return Changing(std::max<size_t>(1, items_max), copied).apply(tree, {}, changes);
}

TileNodePointer tileset_root(const TileNodePointer& tree) {
  TileNodePointer root = tree;
  while (root && !root->is_leaf()) {
    TileNodePointer only;
    size_t children = 0;
    for (const TileNodePointer& child : root->children) {
      if (!child) continue;
      only = child;
      ++children;
    }
    if (children != 1) break;
    root = only;
  }
  return root;
}

TileNodePointer find_tile(const TileNodePointer& tree, const TileCell& cell) {
  TileNodePointer node = tree;
  for (uint32_t level = 1; level <= cell.level && node; ++level) {
    const uint32_t shift = cell.level - level;
    node = node->children[(cell.x >> shift & 1) | (cell.y >> shift & 1) << 1];
  }
  return node;
}

std::pair<uint64_t, uint64_t> count_tiles(const TileNodePointer& tree) {
  if (!tree) return {0, 0};
  // The counter that shared nodes have besides.
  uint64_t tiles = 1, bytes = sizeof(TileNode) + 32 + tree->items.capacity() * sizeof(TileItem) +
                              tree->parts.capacity() * sizeof(TilePart);
  for (const TileNodePointer& child : tree->children) {
    const auto below = count_tiles(child);
    tiles += below.first;
    bytes += below.second;
  }
  return {tiles, bytes};
}

}  // namespace cityloom::space
