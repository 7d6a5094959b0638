// Whatever the order and history, the same items give the same tree; a change shares all else with the tree before it.
#include "space/tiles/tile_tree.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <random>
#include <set>

#include "space/tiles/tile_summary.hpp"
#include "space/tiles/tileset.hpp"

namespace cityloom::space {
namespace {

TileItem item_at(uint32_t id, double longitude, double latitude, float size_m, uint64_t version) {
  TileItem item;
  item.id = id;
  item.centre = grid_point_of(longitude, latitude);
  const auto x = static_cast<int32_t>(longitude * 1e7), y = static_cast<int32_t>(latitude * 1e7);
  item.extent = {x - 500, y - 500, x + 500, y + 500, 0, size_m};
  item.area_m2 = size_m * 5;
  item.length_m = 5;
  item.width_m = size_m;
  item.size_m = size_m;
  item.version = version * 0x9E3779B97F4A7C15u + id;
  return item;
}

// Everything that a tree says, as text.
void tell(const TileNodePointer& node, std::string& to) {
  if (!node) return;
  to += std::to_string(node->cell.level) + "/" + std::to_string(node->cell.x) + "/" + std::to_string(node->cell.y) +
        " " + std::to_string(node->version()) + " " + std::to_string(node->count) + " " + std::to_string(node->depth);
  for (double value : region_of(node->extent)) to += " " + std::to_string(value);
  std::map<uint32_t, uint64_t> items;
  for (const TileItem& item : node->items) items[item.id] = item.version;
  for (const auto& [id, version] : items) to += " " + std::to_string(id) + ":" + std::to_string(version);
  std::set<TilePart> parts(node->parts.begin(), node->parts.end());
  for (const auto& [id, part] : parts) to += " " + std::to_string(id) + "+" + std::to_string(part);
  if (!node->is_leaf()) {
    const auto summary = summary_of(*node, 6);
    for (const TileItem* landmark : summary->landmarks) to += " L" + std::to_string(landmark->id);
    for (const auto& [square, block] : summary->blocks) {
      to += " " + std::to_string(square) + "=" + std::to_string(block.count) + "," + std::to_string(block.height_m3) +
            "," + std::to_string(block.rectangle().length_m);
    }
  }
  to += "\n";
  for (const TileNodePointer& child : node->children) tell(child, to);
}

std::string told(const TileNodePointer& tree) {
  std::string text = tileset_json(tree, "");
  tell(tree, text);
  return text;
}

struct Thing {
  TileItem item;
  std::vector<uint32_t> parts;
};

TileNodePointer tree_of(const std::map<uint32_t, Thing>& things, size_t items_max) {
  std::vector<TileChange> changes;
  for (const auto& [id, thing] : things) changes.push_back({thing.item.centre, id, &thing.item, thing.parts});
  uint64_t copied = 0;
  return changed_tree(nullptr, changes, items_max, copied);
}

RC_GTEST_PROP(TileTree, StepByStepIsAsFromScratch, ()) {
  std::mt19937_64 random(*rc::gen::arbitrary<uint64_t>());
  const auto below = [&](uint64_t limit) { return random() % limit; };
  const size_t items_max = 1 + below(8);
  std::map<uint32_t, Thing> things;
  TileNodePointer tree;
  std::vector<std::pair<TileNodePointer, std::string>> kept;
  for (int step = 0; step < 12; ++step) {
    std::map<uint32_t, Thing> before = things;
    std::vector<TileChange> changes;
    std::set<uint32_t> ids;
    for (uint64_t i = below(30); i > 0; --i) ids.insert(static_cast<uint32_t>(1 + below(60)));
    for (uint32_t id : ids) {
      if (before.contains(id)) changes.push_back({before[id].item.centre, id, nullptr, {}});
      things.erase(id);
      if (below(3) == 0) continue;
      // Some in one place, some on another side of the world.
      const double longitude = below(4) == 0    ? 127.1
                               : below(10) == 0 ? -60
                                                : 127 + static_cast<double>(below(1'000)) * 1e-4;
      Thing& thing = things[id];
      thing.item = item_at(id, longitude, 37.5 + static_cast<double>(below(500)) * 1e-4,
                           static_cast<float>(1 + below(90)), below(5));
      for (uint64_t p = below(3); p > 0; --p) thing.parts.push_back(static_cast<uint32_t>(1'000 + id * 4 + p));
    }
    for (uint32_t id : ids) {
      if (things.contains(id)) changes.push_back({things[id].item.centre, id, &things[id].item, things[id].parts});
    }
    uint64_t copied = 0;
    tree = changed_tree(tree, changes, items_max, copied);
    const std::string now = told(tree);
    RC_ASSERT(now == told(tree_of(things, items_max)));
    kept.emplace_back(tree, now);
  }
  // The trees of before are as they were.
  for (const auto& [former, said] : kept) RC_ASSERT(told(former) == said);
}

TEST(TileTree, OneChangeCopiesOneLeafAndThePathToIt) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> place(0, 0.5);
  std::map<uint32_t, Thing> things;
  for (uint32_t id = 1; id <= 20'000; ++id)
    things[id].item = item_at(id, 127 + place(random), 37 + place(random), 10, id);
  const TileNodePointer before = tree_of(things, 300);
  TileItem moved = things[77].item;
  moved.version = 1;
  std::vector<TileChange> changes{{moved.centre, 77, nullptr, {}}, {moved.centre, 77, &moved, {}}};
  uint64_t copied = 0;
  const TileNodePointer after = changed_tree(before, changes, 300, copied);
  EXPECT_LE(copied, 300u);
  const auto changed = changed_tiles(before, after, 100);
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->size(), tileset_root(after)->depth + 1);
  EXPECT_FALSE(changed_tiles(before, after, 1)) << "past the limit";
  EXPECT_FALSE(changed_tiles(nullptr, after, 100));
}

TEST(TileTree, TilesAreFoundByTheirAddresses) {
  std::map<uint32_t, Thing> things;
  for (uint32_t id = 1; id <= 40; ++id) things[id].item = item_at(id, 127 + id * 0.001, 37, 10, id);
  const TileNodePointer tree = tree_of(things, 3), root = tileset_root(tree);
  std::function<void(const TileNodePointer&)> look = [&](const TileNodePointer& node) {
    const auto path = read_tile_path(tile_path(root->cell, node->cell, "glb"));
    ASSERT_TRUE(path);
    EXPECT_EQ(path->cell, node->cell);
    EXPECT_EQ(find_tile(tree, path->cell), node);
    for (const auto& child : node->children) {
      if (child) look(child);
    }
  };
  look(root);
  for (const char* bad :
       {"", "1", "1-0-0", "1-0-0/0/0/0", "1-0-0/0/0/0.png", "1-2-0/0/0/0.glb", "1-0-0/1/2/0.glb", "24-0-0/0/0/0.glb",
        "9-0-0/15/0/0.glb", "99999999999-0-0/0/0/0.glb", "1-0-0/0/0/-1.glb", "1-0-0/0/0/0.glb/", " 1-0-0/0/0/0.glb"}) {
    EXPECT_FALSE(read_tile_path(bad)) << bad;
  }
}

TEST(TileSummary, BlocksHaveTheGroundAndHeightOfWhatTheyStandFor) {
  TileItem one = item_at(1, 127, 37, 20, 1);
  one.angle_rad = 0.5F;
  one.length_m = 30;
  one.width_m = 10;
  one.area_m2 = 300;
  const auto rectangle = TileBlock::of(one).rectangle();
  EXPECT_NEAR(rectangle.length_m, 30, 0.01);
  EXPECT_NEAR(rectangle.width_m, 10, 0.01);
  EXPECT_NEAR(rectangle.angle_rad, 0.5, 0.001);
  TileBlock both = TileBlock::of(one);
  TileItem other = item_at(2, 127.0002, 37, 10, 2);
  both.add(TileBlock::of(other));
  EXPECT_EQ(both.count, 2u);
  EXPECT_EQ(both.id, 0u);
  EXPECT_NEAR(both.area_m2, 350, 0.01);
  EXPECT_NEAR(both.rectangle().length_m * both.rectangle().width_m, 350, 0.1);
  EXPECT_NEAR(both.height_m3 / both.area_m2, (300 * 20 + 50 * 10) / 350.0, 0.01);
}

}  // namespace
}  // namespace cityloom::space
