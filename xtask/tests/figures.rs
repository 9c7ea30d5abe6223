//! README's figures are those of the checks and of the benchmark.

use std::{fs, path::Path};

#[test]
fn the_readme_has_the_budget_of_a_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let size = fs::read_to_string(root.join("xtask/src/size.rs")).unwrap();
    let (_, budget) = size.split_once("const BUDGET: usize = ").unwrap();
    let (kibibytes, _) = budget.split_once(" * 1024;").unwrap();
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    assert!(readme.contains(&format!("A page loads at most {kibibytes} KiB (brotli).")), "{kibibytes} KiB");
}

#[test]
fn the_readme_has_the_range_of_all_runs_of_the_benchmark() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |path| fs::read_to_string(root.join(path)).unwrap();
    let (readme, report) = (read("README.md"), read("docs/benchmark.md"));
    let (_, runs) = report.split_once("\n## Other machines\n").unwrap();
    let (runs, _) = runs.split_once("\n## ").unwrap();
    // After head and line: date, processor, commit, and then a number for each engine in each cell.
    let rows: Vec<Vec<&str>> = runs
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| line.split('|').collect())
        .collect();
    let ranges = |column: usize| -> Vec<(&str, &str)> {
        let cells = rows.iter().map(|row| row[column].trim().trim_end_matches(" ms").split(" / ").collect());
        let cells: Vec<Vec<&str>> = cells.collect();
        let range = |engine: usize| {
            let mut numbers: Vec<&str> = cells.iter().map(|cell| cell[engine]).collect();
            numbers.sort_by(|a, b| a.parse::<f64>().unwrap().total_cmp(&b.parse().unwrap()));
            (numbers[0], numbers[numbers.len() - 1])
        };
        (0..3).map(range).collect()
    };
    let names =
        ["key pair, 2048 bits", "key pair, no SIMD", "whole session, from opening the page to “PIN set”"];
    for (column, name) in (4..).zip(names) {
        let ranges: Vec<String> =
            ranges(column).iter().map(|(least, greatest)| format!("{least} to {greatest}")).collect();
        let row = format!("\n| {name} | {} |\n", ranges.join(" | "));
        assert!(readme.contains(&row), "README.md has to have{row}");
    }
    let times = ranges(7).into_iter().flat_map(|(least, greatest)| [least, greatest]);
    let times: Vec<u32> = times.map(|time| time.parse().unwrap()).collect();
    let (least, greatest) = (times.iter().min().unwrap(), times.iter().max().unwrap());
    let time = format!("{least} to {greatest} ms in all.");
    assert!(readme.contains(&time), "README.md has to have: {time}");
}
