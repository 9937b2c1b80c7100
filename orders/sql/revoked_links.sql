-- A link that was revoked (orders/access.py) works never again.
CREATE FUNCTION orders_links_stay_revoked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'links that were revoked stay revoked: link_version only rises'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER links_stay_revoked BEFORE UPDATE OF link_version ON orders_order
    FOR EACH ROW WHEN (NEW.link_version < OLD.link_version)
    EXECUTE FUNCTION orders_links_stay_revoked();
