/// The value of a form or query field. No value that is looked for here needs escapes, so a value with one does not match.
pub(crate) fn form_field<'a>(form: &'a str, name: &str) -> Option<&'a str> {
    form.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::form_field;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        assert_eq!(form_field("xkey=1&key=2&keys=3", "key"), Some("2"));
        assert_eq!(form_field("keys=3", "key"), None);
        assert_eq!(form_field("", "key"), None);
    }
}
